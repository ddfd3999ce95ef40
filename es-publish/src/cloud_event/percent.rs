//! How the values of attributes become header values and back, as the bindings for HTTP and NATS say.

use std::fmt::Write as _;

/// Space, `"`, `%`, and everything that is not printable ASCII become `%xy`.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if matches!(byte, 0x21..=0x7e) && byte != b'"' && byte != b'%' {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Takes quotes off, then decodes once; `None` if a `%` is not followed by two digits, or the result is no UTF-8.
pub(crate) fn decode(value: &[u8]) -> Option<String> {
    let value = unquoted(value.trim_ascii());
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value.iter();
    while let Some(&byte) = rest.next() {
        decoded.push(match byte {
            b'%' => hex(*rest.next()?)? * 16 + hex(*rest.next()?)?,
            _ => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

fn unquoted(value: &[u8]) -> Vec<u8> {
    let Some(inside) = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")) else {
        return value.to_vec();
    };
    let (mut text, mut rest) = (Vec::with_capacity(inside.len()), inside.iter());
    while let Some(&byte) = rest.next() {
        text.push(if byte == b'\\' { *rest.next().unwrap_or(&byte) } else { byte });
    }
    text
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_is_encoded_as_it_says() {
        assert_eq!(encode("Euro € 😀"), "Euro%20%E2%82%AC%20%F0%9F%98%80");
        assert_eq!(decode(b"Euro%20%E2%82%AC%20%F0%9F%98%80").unwrap(), "Euro € 😀");
    }

    #[test]
    fn what_need_not_be_encoded_is_accepted_and_what_is_no_text_is_not() {
        assert_eq!(decode(b"%41b%2f%2F").unwrap(), "Ab//");
        assert_eq!(decode(br#""a \"b\" \\ %41""#).unwrap(), r#"a "b" \ A"#);
        for wrong in ["%C0%A0", "%4", "%", "%zz", "%+1"] {
            assert_eq!(decode(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn every_text_comes_back() {
        for text in ["", "%25", "\"", "a\"b\\c", "100 %", "Zoë", "\u{1}"] {
            assert_eq!(decode(encode(text).as_bytes()).unwrap(), text);
        }
    }
}
