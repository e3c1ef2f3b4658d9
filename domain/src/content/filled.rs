//! A filled form, held to the form that asked: known fields, everything required, values of the right type.

use chrono::NaiveDate;

use super::{Form, FormAnswer, FormAnswers, FormField, FormFieldType, Violation, ViolationCode, violation::Findings};

/// What a check box says when it is set, and when it is not; in the languages of our own clients.
const YES: [&str; 3] = ["yes", "ja", "true"];
const NO: [&str; 3] = ["no", "nein", "false"];
/// Longest line that is entered, characters.
const MAX_LINE: usize = 1_000;

impl Form {
    /// The answers as they may be stored: in the order of the fields, with our labels and the titles of our options,
    /// whatever the client says.
    ///
    /// # Errors
    /// What is wrong, at `formAnswers.<id of the field>`.
    pub fn held(&self, given: FormAnswers) -> Result<FormAnswers, Vec<Violation>> {
        let mut found = Findings::default();
        for (position, answer) in given.answers.iter().enumerate() {
            let path = format!("formAnswers.{}", answer.field_id);
            found.require(self.fields.iter().any(|field| field.id == answer.field_id), &path, ViolationCode::NotSupported);
            let is_second = given.answers[..position].iter().any(|earlier| earlier.field_id == answer.field_id);
            found.require(!is_second, &path, ViolationCode::Duplicate);
        }
        let mut answers = Vec::with_capacity(given.answers.len());
        for field in &self.fields {
            let path = format!("formAnswers.{}", field.id);
            let entered = given.answers.iter().find(|answer| answer.field_id == field.id).map(|answer| filled(&answer.values));
            let entered = entered.unwrap_or_default();
            if entered.is_empty() {
                found.require(!field.required, &path, ViolationCode::Empty);
                continue;
            }
            match field.take(entered) {
                Ok(values) => answers.push(FormAnswer { field_id: field.id.clone(), label: field.label.clone(), values }),
                Err(code) => found.add(&path, code, None),
            }
        }
        found.verdict().map(|()| FormAnswers { question: given.question, answers })
    }
}

impl FormField {
    /// The values as they are stored; there is at least one.
    fn take(&self, entered: Vec<String>) -> Result<Vec<String>, ViolationCode> {
        if self.field_type != FormFieldType::MultipleChoice && entered.len() > 1 {
            return Err(ViolationCode::TooMany);
        }
        let one = entered[0].as_str();
        if self.field_type != FormFieldType::Multiline && one.chars().count() > MAX_LINE {
            return Err(ViolationCode::TooLong);
        }
        let is_right = match self.field_type {
            FormFieldType::Text | FormFieldType::Multiline => true,
            FormFieldType::Email => one.split_once('@').is_some_and(|(name, host)| {
                !name.is_empty() && host.contains('.') && !host.contains('@') && !one.contains(char::is_whitespace)
            }),
            FormFieldType::Phone => {
                let is_part = |c: char| c.is_ascii_digit() || " ()/.-".contains(c);
                one.strip_prefix('+').unwrap_or(one).chars().all(is_part) && one.chars().filter(char::is_ascii_digit).count() >= 3
            }
            FormFieldType::Number => one.replace(',', ".").parse::<f64>().is_ok_and(f64::is_finite),
            FormFieldType::Date => NaiveDate::parse_from_str(one, "%Y-%m-%d").is_ok(),
            FormFieldType::Choice | FormFieldType::MultipleChoice => return self.chosen(&entered),
            FormFieldType::Checkbox => {
                let word = one.to_lowercase();
                if self.required && NO.contains(&&*word) {
                    return Err(ViolationCode::Empty);
                }
                YES.contains(&&*word) || NO.contains(&&*word)
            }
        };
        if is_right { Ok(entered) } else { Err(ViolationCode::Invalid) }
    }

    fn chosen(&self, entered: &[String]) -> Result<Vec<String>, ViolationCode> {
        let mut titles: Vec<String> = Vec::with_capacity(entered.len());
        for value in entered {
            let option = self.options.iter().find(|option| option.id == *value || option.title.trim() == value);
            let title = &option.ok_or(ViolationCode::OutOfRange)?.title;
            if titles.contains(title) {
                return Err(ViolationCode::Duplicate);
            }
            titles.push(title.clone());
        }
        Ok(titles)
    }
}

fn filled(values: &[String]) -> Vec<String> {
    values.iter().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Form, FormAnswer, FormAnswers, FormField, FormFieldType, FormOption, ViolationCode};

    fn form() -> Form {
        use FormFieldType::{Checkbox, Choice, Date, Email, MultipleChoice, Number, Phone, Text};
        let option = |id: &str, title: &str| FormOption { id: id.into(), title: title.into() };
        let field = |id: &str, field_type: FormFieldType, required| FormField {
            id: id.into(),
            label: id.to_uppercase(),
            field_type,
            required,
            hint: None,
            options: if field_type.has_options() { vec![option("r", "Red"), option("b", "Blue")] } else { Vec::new() },
        };
        let fields = vec![
            field("name", Text, true),
            field("mail", Email, false),
            field("phone", Phone, false),
            field("size", Number, false),
            field("day", Date, false),
            field("colour", Choice, false),
            field("colours", MultipleChoice, false),
            field("agreed", Checkbox, true),
        ];
        Form { title: "Order".into(), text: None, fields, submit_label: None }
    }

    /// Id, label and values of each answer.
    type Filled = Vec<(String, String, Vec<String>)>;

    fn answer(given: &[(&str, &[&str])]) -> Result<Filled, Vec<(String, ViolationCode)>> {
        let entry = |(id, values): &(&str, &[&str])| FormAnswer {
            field_id: (*id).into(),
            label: "forged".into(),
            values: values.iter().map(|value| (*value).into()).collect(),
        };
        let held = form().held(FormAnswers { question: None, answers: given.iter().map(entry).collect() });
        held.map(|held| held.answers.into_iter().map(|answer| (answer.field_id, answer.label, answer.values)).collect())
            .map_err(|found| found.into_iter().map(|violation| (violation.field, violation.code)).collect())
    }

    #[test]
    fn what_was_asked_may_be_answered() {
        let given: &[(&str, &[&str])] = &[
            ("agreed", &["Ja"]),
            ("name", &[" Mara "]),
            ("mail", &["mara@example.org"]),
            ("phone", &["+49 30 123456"]),
            ("size", &["4,5"]),
            ("day", &["2026-11-27"]),
            ("colour", &["b"]),
            ("colours", &["Red", "b"]),
        ];
        let held = answer(given).expect("all is well");
        let fields: Vec<_> = held.iter().map(|(id, ..)| id.as_str()).collect();
        assert_eq!(fields, ["name", "mail", "phone", "size", "day", "colour", "colours", "agreed"]);
        assert!(held.iter().all(|(id, label, _)| *label == id.to_uppercase()));
        assert_eq!(
            (&held[0].2, &held[5].2, &held[6].2),
            (&vec!["Mara".to_owned()], &vec!["Blue".into()], &vec!["Red".into(), "Blue".into()])
        );
    }

    #[test]
    fn everything_else_is_refused_by_field() {
        use ViolationCode::{Duplicate, Empty, Invalid, NotSupported, OutOfRange, TooLong, TooMany};
        let long = "x".repeat(1_001);
        let cases: &[(&str, &[&str], ViolationCode)] = &[
            ("spy", &["x"], NotSupported),
            ("name", &["  "], Empty),
            ("name", &["a", "b"], TooMany),
            ("name", &[&long], TooLong),
            ("mail", &["mara"], Invalid),
            ("phone", &["call me"], Invalid),
            ("size", &["large"], Invalid),
            ("size", &["NaN"], Invalid),
            ("day", &["2026-02-30"], Invalid),
            ("colour", &["green"], OutOfRange),
            ("colours", &["r", "Red"], Duplicate),
            ("agreed", &["no"], Empty),
            ("agreed", &["maybe"], Invalid),
        ];
        for (id, values, code) in cases {
            let mut given = vec![("name", &["Mara"][..]), ("agreed", &["yes"][..])];
            given.retain(|(known, _)| known != id);
            given.push((id, values));
            assert_eq!(answer(&given), Err(vec![(format!("formAnswers.{id}"), *code)]), "{id} {values:?}");
        }
        let twice: &[(&str, &[&str])] = &[("name", &["a"]), ("name", &["b"]), ("agreed", &["yes"])];
        assert_eq!(answer(twice), Err(vec![("formAnswers.name".into(), Duplicate)]));
        assert_eq!(answer(&[]), Err(vec![("formAnswers.name".into(), Empty), ("formAnswers.agreed".into(), Empty)]));
    }
}
