//! Full-text search: documents in [`search_document`], words found by prefix, in any order, without regard to case and
//! accents. Both databases see the same words, because [`fold`] has cut and folded them before.
//!
//! What becomes a document is decided by the commands that write it.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbBackend, QueryFilter, Select, prelude::Uuid, sea_query::Expr};

use super::{
    Scope, Tx,
    bulk::{self, Known},
};
use crate::{
    Result,
    entity::search_document::{self, ActiveModel, Column, Entity},
    event::EntityType,
    ids::InteractionId,
};

/// Longest text that is indexed, characters: the rest of a longer one is not found.
const MAX_TEXT: usize = 200_000;
/// Most words of a question that count.
const MAX_WORDS: usize = 16;

/// What is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What it is.
    pub entity_type: EntityType,
    /// Which one.
    pub entity_id: Uuid,
    /// The interaction it belongs to.
    pub interaction_id: Option<InteractionId>,
    /// Its text.
    pub text: String,
    /// Its time, for sorting.
    pub at: DateTime<Utc>,
}

/// Puts documents, each of another thing, in place of those before, in one statement.
///
/// # Errors
/// Storage.
pub async fn index(tx: &Tx, documents: Vec<Document>) -> Result<()> {
    let row = |document: Document| ActiveModel {
        workspace_id: Set(tx.workspace()),
        entity_type: Set(document.entity_type),
        entity_id: Set(document.entity_id),
        interaction_id: Set(document.interaction_id),
        text: Set(words(&document.text, MAX_TEXT).collect::<Vec<_>>().join(" ")),
        at: Set(document.at),
    };
    let known = Known::Replaced {
        key: &[Column::WorkspaceId, Column::EntityType, Column::EntityId],
        columns: &[Column::InteractionId, Column::Text, Column::At],
    };
    bulk::insert(tx.conn(), documents.into_iter().map(row).collect(), known).await?;
    Ok(())
}

/// Forgets a document.
///
/// # Errors
/// Storage.
pub async fn forget(tx: &Tx, entity_type: EntityType, entity_id: Uuid) -> Result<()> {
    search_document::deletes(tx.workspace())
        .filter(Column::EntityType.eq(entity_type))
        .filter(Column::EntityId.eq(entity_id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// The documents that contain every word of `question`, the words taken as beginnings; `None` when it has no word.
#[must_use]
pub fn matching(scope: &impl Scope, question: &str) -> Option<Select<Entity>> {
    use sea_orm::ConnectionTrait;
    let words: Vec<String> = words(question, MAX_TEXT).take(MAX_WORDS).collect();
    if words.is_empty() {
        return None;
    }
    // Words are letters and digits only, so nothing in them has a meaning to either database.
    let condition = if scope.conn().get_database_backend() == DbBackend::Postgres {
        let query = words.iter().map(|word| format!("{word}:*")).collect::<Vec<_>>().join(" & ");
        Expr::cust_with_values("search_document.words @@ to_tsquery('simple', $1)", [query])
    } else {
        let query = words.iter().map(|word| format!("\"{word}\"*")).collect::<Vec<_>>().join(" ");
        Expr::cust_with_values("search_document.doc IN (SELECT rowid FROM search_words WHERE search_words MATCH ?)", [query])
    };
    Some(search_document::in_workspace(scope.workspace()).filter(condition))
}

/// The folded words of a text.
fn words(text: &str, limit: usize) -> impl Iterator<Item = String> + '_ {
    let end = text.char_indices().nth(limit).map_or(text.len(), |(at, _)| at);
    text[..end].split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(fold)
}

/// Lower case without the accents of Latin letters: what names and tags are compared by, too.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'à'..='å' | 'ā' | 'ă' | 'ą' => folded.push('a'),
            'æ' => folded.push_str("ae"),
            'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => folded.push('c'),
            'ď' | 'đ' => folded.push('d'),
            'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => folded.push('e'),
            'ĝ' | 'ğ' | 'ġ' | 'ģ' => folded.push('g'),
            'ĥ' | 'ħ' => folded.push('h'),
            'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => folded.push('i'),
            'ĵ' => folded.push('j'),
            'ķ' => folded.push('k'),
            'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => folded.push('l'),
            'ñ' | 'ń' | 'ņ' | 'ň' => folded.push('n'),
            'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => folded.push('o'),
            'œ' => folded.push_str("oe"),
            'ŕ' | 'ŗ' | 'ř' => folded.push('r'),
            'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => folded.push('s'),
            'ß' => folded.push_str("ss"),
            'ţ' | 'ť' | 'ŧ' | 'ț' => folded.push('t'),
            'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => folded.push('u'),
            'ŵ' => folded.push('w'),
            'ý' | 'ÿ' | 'ŷ' => folded.push('y'),
            'ź' | 'ż' | 'ž' => folded.push('z'),
            // Combining marks: what is left of accents written apart.
            '\u{300}'..='\u{36f}' => {}
            other => folded.push(other),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_and_folded() {
        let found: Vec<String> = words("Grüße, ANNA-Lena! anna@example.org T-1042 Ма́ма", usize::MAX).collect();
        assert_eq!(found, ["grusse", "anna", "lena", "anna", "example", "org", "t", "1042", "ма", "ма"]);
        assert_eq!(words("ab cd ef", 4).collect::<Vec<_>>(), ["ab", "c"]);
        assert_eq!(words(" -- ", 10).next(), None);
    }
}
