//! The JSON Schema of an object, put together from fields, and from what is flattened into it.

use serde_json::{Map, Value, json};

use super::schema::{Surroundings, anything, of_choice, of_shape};
use crate::shape::{Record, RecordField, Shape};

/// How the derives begin the name of a flattened field whose own fields are not known one by one.
const FLATTENED: &str = "..";

/// An object that is being put together.
#[derive(Default)]
pub(super) struct Object {
    properties: Map<String, Value>,
    required: Vec<Value>,
    others: Others,
    /// What has fields that are not known one by one.
    parts: Vec<Value>,
}

/// The fields that are not listed.
#[derive(Default)]
enum Others {
    /// They may be there, and are passed over.
    #[default]
    PassedOver,
    Denied,
    /// The entries of a map that is flattened.
    Entries(Value),
    /// They belong to a flattened part.
    OfParts,
}

impl Object {
    /// A field that must be there.
    pub(super) fn add(&mut self, name: &str, schema: Value) {
        self.properties.insert(name.to_owned(), schema);
        self.required.push(json!(name));
    }

    pub(super) fn add_record(&mut self, record: &Record) {
        for RecordField { name, may_be_missing, shape } in &record.fields {
            if name.starts_with(FLATTENED) {
                self.flatten(shape, *may_be_missing);
                continue;
            }
            self.properties.insert(name.clone(), of_shape(shape));
            if !may_be_missing {
                self.required.push(json!(name));
            }
        }
        if record.denies_unknown {
            self.deny_others();
        }
    }

    pub(super) fn deny_others(&mut self) {
        self.others = Others::Denied;
    }

    /// Puts the fields of `shape` beside those that are there.
    pub(super) fn flatten(&mut self, shape: &Shape, may_be_missing: bool) {
        match shape {
            Shape::Record(record) => self.add_record(record),
            Shape::Optional(shape) => self.flatten(shape, true),
            Shape::Scalar(name) if name == "null" => {}
            Shape::Map(_, values) => {
                if matches!(self.others, Others::PassedOver) {
                    self.others = Others::Entries(of_shape(values));
                }
            }
            Shape::Choice(choice) => {
                self.others = Others::OfParts;
                if !may_be_missing {
                    self.parts.push(of_choice(choice, Surroundings::Flattened));
                }
            }
            other => {
                self.others = Others::OfParts;
                self.parts.push(anything(&format!("and what is flattened into it: {other}")));
            }
        }
    }

    pub(super) fn into_schema(self) -> Value {
        let mut schema = json!({ "type": "object" });
        if !self.properties.is_empty() {
            schema["properties"] = Value::Object(self.properties);
        }
        if !self.required.is_empty() {
            schema["required"] = Value::Array(self.required);
        }
        match self.others {
            Others::PassedOver | Others::OfParts => {}
            Others::Denied => schema["additionalProperties"] = json!(false),
            Others::Entries(values) => schema["additionalProperties"] = values,
        }
        if !self.parts.is_empty() {
            schema["allOf"] = Value::Array(self.parts);
        }
        schema
    }
}
