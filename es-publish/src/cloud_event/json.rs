//! The JSON event format: a whole event as one object.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Error as _, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::attribute::check_name;
use super::{CloudEvent, ExtensionValue, ParseError, SPEC_VERSION};

/// Whether data of this media type is JSON: `application/json`, `text/json`, and what ends with `+json`.
pub(crate) fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.split_once('/').is_some_and(|(_, subtype)| subtype == "json" || subtype.ends_with("+json"))
}

/// The event as a JSON object; JSON data stands in it as it is, other data as Base64.
///
/// # Errors
/// The data is said to be JSON, and is not.
pub(crate) fn write(event: &CloudEvent) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = Vec::with_capacity(512);
    let mut serializer = serde_json::Serializer::new(&mut bytes);
    let mut object = serializer.serialize_map(None)?;
    object.serialize_entry("specversion", SPEC_VERSION)?;
    for (name, text) in event.attributes().filter(|(name, _)| *name != "specversion") {
        match event.extension(name) {
            Some(ExtensionValue::Boolean(value)) => object.serialize_entry(name, value)?,
            Some(ExtensionValue::Integer(value)) => object.serialize_entry(name, value)?,
            Some(ExtensionValue::Text(_)) | None => object.serialize_entry(name, &text)?,
        }
    }
    if let Some(data) = event.data() {
        if event.data_content_type().is_none_or(is_json) {
            let text = std::str::from_utf8(data).map_err(serde_json::Error::custom)?;
            object.serialize_entry("data", serde_json::from_str::<&RawValue>(text)?)?;
        } else {
            object.serialize_entry("data_base64", &STANDARD.encode(data))?;
        }
    }
    object.end()?;
    Ok(bytes)
}

/// Reads what [`write`] and everybody else writes.
pub(crate) fn read(body: &[u8]) -> Result<CloudEvent, ParseError> {
    let Members(members) = serde_json::from_slice(body).map_err(ParseError::Json)?;
    let (mut attributes, mut data, mut base64) = (BTreeMap::new(), None, None);
    for (name, value) in members {
        let slot_is_taken = match name.as_str() {
            "data" => data.replace(value).is_some(),
            "data_base64" => base64.replace(value).is_some(),
            _ if value.get() == "null" => false,
            _ => {
                check_name(&name)?;
                let value = extension_value(value.get()).ok_or_else(|| ParseError::Type { attribute: name.clone() })?;
                attributes.insert(name.clone(), value).is_some()
            }
        };
        if slot_is_taken {
            return Err(ParseError::Twice { attribute: name });
        }
    }
    let content_type = match attributes.get("datacontenttype") {
        Some(ExtensionValue::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let data = match (data.filter(|value| value.get() != "null"), base64.filter(|value| value.get() != "null")) {
        (None, None) => None,
        (Some(_), Some(_)) => return Err(ParseError::Base64),
        (None, Some(value)) => {
            let text: String = serde_json::from_str(value.get()).map_err(|_| ParseError::Base64)?;
            Some(Bytes::from(STANDARD.decode(text).map_err(|_| ParseError::Base64)?))
        }
        (Some(value), None) => Some(match serde_json::from_str::<String>(value.get()) {
            // Text of another format is the data itself; of JSON, it is a JSON text.
            Ok(text) if content_type.is_some_and(|content_type| !is_json(content_type)) => Bytes::from(text),
            _ => Bytes::copy_from_slice(value.get().as_bytes()),
        }),
    };
    CloudEvent::from_attributes(attributes, data)
}

fn extension_value(json: &str) -> Option<ExtensionValue> {
    if let Ok(text) = serde_json::from_str::<String>(json) {
        return Some(ExtensionValue::Text(text));
    }
    match json {
        "true" => Some(ExtensionValue::Boolean(true)),
        "false" => Some(ExtensionValue::Boolean(false)),
        _ => serde_json::from_str(json).ok().map(ExtensionValue::Integer),
    }
}

/// The members of an object, also where a name is there twice.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event as a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}
