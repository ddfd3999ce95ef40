//! The JSON Schemas of the events of an aggregate.

use serde_json::{Value, json};

use super::schema::{of_shape, with_dialect};
use super::{Described, fields};
use crate::model::EventModel;
use crate::shape::Shape;

/// The JSON Schema of one version of an event.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EventSchema {
    /// The stored name of the aggregate.
    pub aggregate: &'static str,
    /// The current stored name of the event.
    pub event: &'static str,
    /// The stored names that it had before; what is stored under them fits as well.
    pub aliases: &'static [&'static str],
    /// The version of its shape.
    pub version: u32,
    /// The schema of its payloads.
    pub schema: Value,
}

impl Described {
    pub(super) fn json_schemas(&self, base: &str) -> Vec<EventSchema> {
        let versions =
            self.stored().flat_map(|event| (event.oldest..=event.version).map(move |version| (event, version)));
        let schema = |(event, version): (&'static EventModel, u32)| {
            let shape = (self.shape)(event.name, version)?;
            let schema = self.event_schema(event, version, &shape, base);
            let (aggregate, aliases) = (self.model.name, event.aliases);
            Some(EventSchema { aggregate, event: event.name, aliases, version, schema })
        };
        versions.filter_map(schema).collect()
    }

    fn event_schema(&self, event: &EventModel, version: u32, shape: &Shape, base: &str) -> Value {
        let mut schema = with_dialect(of_shape(shape));
        schema["$id"] = json!(id(base, &[self.model.name, event.name, &version.to_string()]));
        schema["title"] = json!(format!("{}, version {version}", event.name));
        if !event.doc.is_empty() {
            schema["description"] = json!(event.doc);
        }
        let is_split = self.model.split.iter().any(|split| split.name == event.name);
        if version < event.version || is_split {
            schema["deprecated"] = json!(true);
        }
        if version == event.version {
            for field in fields::of(event, shape).into_iter().filter(|field| !field.doc.is_empty()) {
                // Not by index, which would add what is missing.
                let property = schema.get_mut("properties").and_then(|properties| properties.get_mut(&field.name));
                if let Some(property) = property {
                    property["description"] = json!(field.doc);
                }
            }
        }
        schema
    }
}

/// `base` and the words after it, as a URI.
fn id(base: &str, words: &[&str]) -> String {
    let is_urn = base.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("urn:"));
    let separator = if is_urn { ":" } else { "/" };
    let letter = |byte: u8| {
        let is_safe = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if is_safe { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    let words = words.iter().map(|word| word.bytes().map(letter).collect::<String>());
    words.fold(base.trim_end_matches(separator).to_owned(), |id, word| id + separator + &word)
}

#[cfg(test)]
mod tests {
    use super::id;

    #[test]
    fn an_id_is_a_uri_whatever_the_stored_names() {
        assert_eq!(
            id("https://a.org/e/", &["account", "money-deposited", "3"]),
            "https://a.org/e/account/money-deposited/3"
        );
        assert_eq!(id("URN:a", &["account", "Geld ab/gehoben ü", "1"]), "URN:a:account:Geld%20ab%2Fgehoben%20%C3%BC:1");
        assert_eq!(id("", &["account", "opened", "1"]), "/account/opened/1");
    }
}
