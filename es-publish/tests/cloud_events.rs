//! What CloudEvents 1.0 says of attributes, of the JSON format, and of the bindings for HTTP, Kafka and NATS.

use es_core::Timestamp;
use es_publish::{AttributeError, Binding, CloudEvent, ContentMode, ParseError};

const BINDINGS: [Binding; 3] = [Binding::Http, Binding::Kafka, Binding::Nats];
const MODES: [ContentMode; 2] = [ContentMode::Binary, ContentMode::Structured];

fn plain() -> CloudEvent {
    CloudEvent::new("A234-1234-1234", "https://example.com/spec", "com.example.someevent").unwrap()
}

fn full() -> CloudEvent {
    plain()
        .with_subject("Euro € 😀 \"100 %\"")
        .unwrap()
        .with_time(Timestamp::from_micros(1_523_000_000_123_456))
        .unwrap()
        .with_data_schema("https://example.com/schemas/some.v2.json")
        .unwrap()
        .with_extension("comexampleextension1", "value")
        .unwrap()
        .with_data("application/json; charset=utf-8", r#"{ "z": 1.10, "a": "é" }"#)
        .unwrap()
}

fn structured(body: &str) -> Result<CloudEvent, ParseError> {
    let content_type = ("content-type", b"application/cloudevents+json".as_slice());
    Binding::Http.decode([content_type], body.to_owned())
}

fn binary(binding: Binding, headers: &[(&str, &str)], body: &'static str) -> Result<CloudEvent, ParseError> {
    binding.decode(headers.iter().map(|(name, value)| (*name, value.as_bytes())), body)
}

fn round_trip(binding: Binding, mode: ContentMode, event: &CloudEvent) -> CloudEvent {
    let encoded = binding.encode(event, mode).unwrap();
    let headers = encoded.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    binding.decode(headers, encoded.body.unwrap_or_default()).unwrap()
}

#[test]
fn events_come_back_in_every_binding_and_mode() {
    let image = plain().with_data("image/png", vec![0, 159, 146, 150]).unwrap();
    let text = plain().with_data("text/plain", "so be it").unwrap();
    let scalar = plain().with_data("application/json", "\"text\"").unwrap();
    for event in [plain(), full(), image, text, scalar] {
        for binding in BINDINGS {
            for mode in MODES {
                assert_eq!(round_trip(binding, mode, &event), event, "{binding:?} {mode:?}");
            }
        }
    }
}

#[test]
fn booleans_and_integers_keep_their_type_in_json_and_their_text_in_headers() {
    let event = plain().with_extension("flag", true).unwrap().with_extension("number", -5).unwrap();
    assert_eq!(round_trip(Binding::Http, ContentMode::Structured, &event), event);
    let read = round_trip(Binding::Http, ContentMode::Binary, &event);
    assert_eq!(read.extension("flag").unwrap().as_text(), Some("true"));
    assert_eq!(read.extension("number").unwrap().as_text(), Some("-5"));
}

#[test]
fn http_and_nats_headers_are_percent_encoded_and_those_of_kafka_are_not() {
    for (binding, prefix, subject) in [
        (Binding::Http, "ce-", "Euro%20%E2%82%AC%20%F0%9F%98%80%20%22100%20%25%22"),
        (Binding::Nats, "ce-", "Euro%20%E2%82%AC%20%F0%9F%98%80%20%22100%20%25%22"),
        (Binding::Kafka, "ce_", "Euro € 😀 \"100 %\""),
    ] {
        let encoded = binding.encode(&full(), ContentMode::Binary).unwrap();
        let header = |name: &str| {
            let found = encoded.headers.iter().find(|(header, _)| header == name);
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(header(&format!("{prefix}subject")), Some(subject));
        assert_eq!(header(&format!("{prefix}specversion")), Some("1.0"));
        assert_eq!(header(&format!("{prefix}time")), Some("2018-04-06T07:33:20.123456Z"));
        // In HTTP and Kafka the media type has a header of its own, and only that.
        let (own, general) = (header(&format!("{prefix}datacontenttype")), header("content-type"));
        let content_type = Some("application/json; charset=utf-8");
        match binding {
            Binding::Nats => assert_eq!((own, general), (Some("application/json;%20charset=utf-8"), None)),
            _ => assert_eq!((own, general), (None, content_type)),
        }
        assert_eq!(encoded.body.as_deref(), full().data().map(|data| &data[..]));
    }
}

#[test]
fn json_data_stands_in_the_object_and_other_data_as_base64() {
    let body = |event: &CloudEvent| {
        let encoded = Binding::Nats.encode(event, ContentMode::Structured).unwrap();
        assert_eq!(encoded.headers[0].1, "application/cloudevents+json; charset=UTF-8");
        String::from_utf8(encoded.body.unwrap().to_vec()).unwrap()
    };
    let head = r#"{"specversion":"1.0","id":"A234-1234-1234","source":"https://example.com/spec","type":"com.example.someevent""#;
    assert_eq!(body(&plain()), format!("{head}}}"));
    let json = plain().with_data("application/vnd.bank+json", r#"{"z":1.10,"a":[]}"#).unwrap();
    assert_eq!(
        body(&json),
        format!(r#"{head},"datacontenttype":"application/vnd.bank+json","data":{{"z":1.10,"a":[]}}}}"#)
    );
    let xml = plain().with_data("application/xml", "<much/>").unwrap();
    assert_eq!(body(&xml), format!(r#"{head},"datacontenttype":"application/xml","data_base64":"PG11Y2gvPg=="}}"#));
    let wrong = plain().with_data("application/json", "{").unwrap();
    assert!(Binding::Http.encode(&wrong, ContentMode::Structured).is_err());
    assert!(
        Binding::Http.encode(&wrong, ContentMode::Binary).is_ok(),
        "what a receiver cannot read is not for us to see"
    );
}

#[test]
fn what_others_write_is_read() {
    // Text in another format, a null, a time with an offset, and a name of a header in other letters.
    let event = structured(
        r#"{"type":"t","source":"/s","id":"1","specversion":"1.0","subject":null,"comexampleothervalue":5,
            "time":"2018-04-05T17:31:00+02:00","datacontenttype":"text/xml","data":"<much wow=\"xml\"/>"}"#,
    )
    .unwrap();
    assert_eq!(event.data().unwrap(), "<much wow=\"xml\"/>");
    assert_eq!((event.subject(), event.time().unwrap().to_string().as_str()), (None, "2018-04-05T15:31:00.000000Z"));
    assert_eq!(event.extension("comexampleothervalue"), Some(&5.into()));

    let headers = [("CE-ID", "1"), ("Ce-Source", "/s"), ("ce-type", "\"a \\\"t\\\"\""), ("ce-specversion", "1.0")];
    let event =
        binary(Binding::Http, &[&headers[..], &[("user-agent", "x"), ("Content-Type", "text/plain")]].concat(), "");
    let event = event.unwrap();
    assert_eq!((event.ty(), event.data_content_type(), event.data()), ("a \"t\"", Some("text/plain"), None));

    let bare = r#"{"type":"t","source":"/s","id":"1","specversion":"1.0"}"#;
    assert_eq!(Binding::Nats.decode([], bare).unwrap().id(), "1");
    let upper = [("Content-Type", b"APPLICATION/CloudEvents+JSON; charset=utf-8".as_slice())];
    assert_eq!(Binding::Kafka.decode(upper, bare).unwrap().id(), "1");
}

#[test]
fn required_attributes_are_required() {
    for missing in ["specversion", "id", "source", "type"] {
        for binding in BINDINGS {
            let prefix = if binding == Binding::Kafka { "ce_" } else { "ce-" };
            let all = [("specversion", "1.0"), ("id", "1"), ("source", "/s"), ("type", "t"), ("subject", "x")];
            let names: Vec<_> = all.iter().map(|(name, value)| (format!("{prefix}{name}"), *value)).collect();
            let kept = names.iter().filter(|(name, _)| !name.ends_with(missing));
            let headers: Vec<_> = kept.map(|(name, value)| (name.as_str(), *value)).collect();
            let error = binary(binding, &headers, "").unwrap_err();
            let is_missing = |error: &ParseError| matches!(error, ParseError::Attribute(AttributeError::Missing { attribute }) if *attribute == missing);
            assert!(is_missing(&error), "{binding:?} without {missing}: {error}");
        }
        let json = r#"{"type":"t","source":"/s","id":"1","specversion":"1.0"}"#
            .replace(&format!("\"{missing}\""), "\"other\"");
        assert!(
            matches!(structured(&json).unwrap_err(), ParseError::Attribute(AttributeError::Missing { .. })),
            "{json}"
        );
    }
}

#[test]
fn every_mistake_of_a_message_has_its_own_error() {
    let with = |more: &str| structured(&format!(r#"{{"type":"t","source":"/s","id":"1","specversion":"1.0"{more}}}"#));
    let said = |result: Result<CloudEvent, ParseError>| result.unwrap_err().to_string();
    assert!(with("").is_ok());
    let version = structured(r#"{"type":"t","source":"/s","id":"1","specversion":"0.3"}"#);
    assert!(matches!(version, Err(ParseError::SpecVersion { found }) if found == "0.3"));
    assert!(matches!(with(r#","streamVersion":"1""#), Err(ParseError::Attribute(AttributeError::Name { .. }))));
    assert!(matches!(with(r#","a":1.5"#), Err(ParseError::Type { attribute }) if attribute == "a"));
    assert!(matches!(with(r#","a":4294967296"#), Err(ParseError::Type { .. })));
    assert!(matches!(with(r#","a":{}"#), Err(ParseError::Type { .. })));
    assert!(matches!(with(r#","subject":5"#), Err(ParseError::NotText { .. })));
    assert!(matches!(with(r#","id":"2""#), Err(ParseError::Twice { attribute }) if attribute == "id"));
    assert!(matches!(with(r#","data":1,"data":2"#), Err(ParseError::Twice { .. })));
    assert!(matches!(with(r#","data":1,"data_base64":"AA==""#), Err(ParseError::Base64)));
    assert!(matches!(with(r#","data_base64":"?""#), Err(ParseError::Base64)));
    assert!(matches!(with(r#","time":"yesterday""#), Err(ParseError::Attribute(AttributeError::Time { .. }))));
    assert!(matches!(with(r#","dataschema":"relative""#), Err(ParseError::Attribute(AttributeError::Uri { .. }))));
    assert!(matches!(structured("[]"), Err(ParseError::Json(_))));
    assert!(matches!(
        structured(r#"{"type":"","source":"/s","id":"1","specversion":"1.0"}"#),
        Err(ParseError::Attribute(AttributeError::Empty { .. }))
    ));

    let headers = [("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t"), ("ce-specversion", "1.0")];
    let http = |more: (&'static str, &'static str)| binary(Binding::Http, &[&headers[..], &[more]].concat(), "{}");
    assert_eq!(
        said(http(("ce-subject", "%C0%A0"))),
        "the header `ce-subject` is not text that is percent-encoded rightly"
    );
    assert_eq!(said(http(("CE-ID", "2"))), "the attribute `id` is there twice");
    assert!(matches!(http(("ce-datacontenttype", "text/plain")), Err(ParseError::Twice { .. })));
    assert!(matches!(http(("ce-stream_version", "1")), Err(ParseError::Attribute(AttributeError::Name { .. }))));
    assert!(matches!(http(("content-type", "application/cloudevents+avro")), Err(ParseError::Format { .. })));
    assert!(matches!(http(("content-type", "application/cloudevents-batch+json")), Err(ParseError::Batch)));
}

#[test]
fn an_event_whose_time_has_no_text_cannot_be_made() {
    let year_10000 = Timestamp::from_micros(253_402_300_800_000_000);
    assert!(matches!(plain().with_time(year_10000), Err(AttributeError::Time { .. })));
}
