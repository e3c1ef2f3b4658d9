//! What the people of the demo say, in two languages. All names, shops and orders are invented.

mod de;
mod en;

/// What one kind of question is about and how it goes. In the texts `{name}` is the contact's first name, `{agent}` who
/// answers, `{order}` an order number and `{product}` a product.
pub(super) struct Topic {
    /// Subject of a mail about it.
    pub subject: &'static str,
    /// How contacts begin.
    pub openings: [&'static str; 2],
    /// What they add when they are not answered at once.
    pub more: &'static str,
    /// How agents answer.
    pub replies: [&'static str; 2],
    /// What contacts say then.
    pub follow: &'static str,
    /// How agents end it.
    pub close: &'static str,
    /// What agents tell each other about it.
    pub note: &'static str,
    /// Position of the skill in [`super::setup::SKILLS`].
    pub skill: usize,
    /// Position of the tag in [`super::setup::TAGS`].
    pub tag: usize,
}

/// Everything that is said in one language.
pub(super) struct Words {
    /// BCP 47.
    pub tag: &'static str,
    /// The same questions in the same order in both languages.
    pub topics: &'static [Topic],
    /// First and last names; every contact gets one of each.
    pub first_names: &'static [&'static str],
    /// Last names.
    pub last_names: &'static [&'static str],
    /// What the shop sells.
    pub products: &'static [&'static str],
    /// Short thanks.
    pub thanks: &'static [&'static str],
    /// An out-of-office reply.
    pub absence: &'static str,
}

/// German.
pub(super) static GERMAN: Words = de::WORDS;
/// English.
pub(super) static ENGLISH: Words = en::WORDS;

#[cfg(test)]
mod tests {
    use super::{ENGLISH, GERMAN};

    #[test]
    fn both_languages_know_the_same_topics() {
        assert_eq!(GERMAN.topics.len(), ENGLISH.topics.len());
        for (german, english) in GERMAN.topics.iter().zip(ENGLISH.topics) {
            assert_eq!((german.skill, german.tag), (english.skill, english.tag), "{}", english.subject);
        }
    }
}
