//! Timestamps as text: RFC 3339, always with six digits of a second and in UTC, so that text sorts as time does.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};

use super::Timestamp;

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// From March 1 of the year 0 to 1970-01-01.
const DAYS_BEFORE_EPOCH: i64 = 719_468;
const DAYS_IN_400_YEARS: i64 = 146_097;

/// Why a text is no timestamp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no timestamp such as 2026-01-31T12:30:00Z")]
pub struct InvalidTimestamp {
    /// The text.
    pub text: String,
}

/// RFC 3339: `2026-01-31T12:30:00.000000Z`.
///
/// What is outside of the years 0 to 9999, for which RFC 3339 has no text, is displayed as for debugging.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.as_micros();
        let (seconds, fraction) = (micros.div_euclid(MICROS_PER_SECOND), micros.rem_euclid(MICROS_PER_SECOND));
        let (days, second) = (seconds.div_euclid(SECONDS_PER_DAY), seconds.rem_euclid(SECONDS_PER_DAY));
        let (year, month, day) = date(days);
        if !(0..=9999).contains(&year) {
            return fmt::Debug::fmt(self, f);
        }
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z");
        f.pad(&text)
    }
}

/// RFC 3339 with any offset; fractions of a microsecond are dropped, and a leap second is the one before it.
impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        parse(text.as_bytes()).ok_or_else(|| InvalidTimestamp { text: text.to_owned() })
    }
}

/// RFC 3339 where people may read it, as in JSON, and microseconds since the Unix epoch in binary formats.
///
/// This is what is stored, so it never changes.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_i64(self.as_micros());
        }
        let text = self.to_string();
        if text.starts_with("Timestamp") {
            return Err(ser::Error::custom(format_args!("{text} is outside of the years 0 to 9999")));
        }
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Text)
        } else {
            i64::deserialize(deserializer).map(Self::from_micros)
        }
    }
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a timestamp such as 2026-01-31T12:30:00Z")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(E::custom)
    }
}

fn parse(text: &[u8]) -> Option<Timestamp> {
    let (head, rest) = text.split_at_checked(19)?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b't', h1, h2, b':', n1, n2, b':', s1, s2] = head else {
        return None;
    };
    let (year, month, day) = (number(&[*y1, *y2, *y3, *y4])?, number(&[*m1, *m2])?, number(&[*d1, *d2])?);
    let (hour, minute, second) = (number(&[*h1, *h2])?, number(&[*n1, *n2])?, number(&[*s1, *s2])?);
    let is_time = hour < 24 && minute < 60 && second <= 60;
    let days = days(year, month, day)?;
    let (micros, rest) = match rest {
        [b'.', rest @ ..] => {
            let digits = rest.iter().take_while(|digit| digit.is_ascii_digit()).count();
            let (fraction, rest) = rest.split_at(digits);
            let six: Vec<_> = fraction.iter().copied().chain(*b"000000").take(6).collect();
            (number(if digits == 0 { fraction } else { &six })?, rest)
        }
        rest => (0, rest),
    };
    let offset = match rest {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
            let seconds = (hours < 24 && minutes < 60).then_some(hours * 3600 + minutes * 60)?;
            if *sign == b'+' { seconds } else { -seconds }
        }
        _ => return None,
    };
    let seconds = days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second.min(59) - offset;
    is_time.then_some(Timestamp::from_micros(seconds * MICROS_PER_SECOND + micros))
}

/// A number of a few digits.
fn number(digits: &[u8]) -> Option<i64> {
    let all = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    all.then(|| digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

/// The days from 1970-01-01 to a date, if there is that date.
///
/// Years begin in March here, so that the day that is sometimes missing is their last.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * m + 2) / 5 + day - 1;
    let leap_days = y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400);
    let days = 365 * y + leap_days + day_of_year - DAYS_BEFORE_EPOCH;
    (date(days) == (year, month, day)).then_some(days)
}

/// Year, month and day, so many days after 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_BEFORE_EPOCH;
    let (centuries, day) = (days.div_euclid(DAYS_IN_400_YEARS), days.rem_euclid(DAYS_IN_400_YEARS));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let m = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * m + 2) / 5 + 1;
    let (year, month) = (centuries * 400 + year, if m < 10 { m + 3 } else { m - 9 });
    (if month > 2 { year } else { year + 1 }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> Option<i64> {
        text.parse::<Timestamp>().ok().map(Timestamp::as_micros)
    }

    #[test]
    fn text_is_rfc_3339() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2011-10-01T00:38:44.546+02:00", 1_317_422_324_546_000),
            ("1969-12-31t23:59:59.9999999z", -1),
            ("2016-12-31T23:59:60Z", 1_483_228_799_000_000),
            ("2000-02-29T00:00:00-00:30", 951_784_200_000_000),
        ] {
            assert_eq!(micros(text), Some(expected), "{text}");
        }
        assert_eq!(Timestamp::from_micros(1_317_422_324_546_000).to_string(), "2011-09-30T22:38:44.546000Z");
        for text in [
            "",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01 00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+0100",
            "+2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00Zé",
            "2026-01-01T00:00:0é",
        ] {
            assert_eq!(micros(text), None, "{text}");
        }
    }

    #[test]
    fn every_date_of_ten_thousand_years_follows_the_one_before() {
        let (mut year, mut month, mut day) = (0, 1, 1);
        let first = days(year, month, day).unwrap();
        for number in first.. {
            assert_eq!((date(number), days(year, month, day)), ((year, month, day), Some(number)));
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = match month {
                2 if is_leap => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            match (month, day) {
                (12, 31) if year == 9999 => return,
                (12, 31) => (year, month, day) = (year + 1, 1, 1),
                _ if day == last => (month, day) = (month + 1, 1),
                _ => day += 1,
            }
        }
    }

    #[test]
    fn ten_thousand_years_come_back_and_sort_as_their_text() {
        let first = micros("0000-01-01T00:00:00Z").unwrap();
        let day = SECONDS_PER_DAY * MICROS_PER_SECOND;
        let mut before = String::new();
        for number in (0..3_652_425).step_by(16) {
            let time = Timestamp::from_micros(first + number * day + number);
            let text = time.to_string();
            assert_eq!(text.parse(), Ok(time));
            assert!(before < text, "{before} < {text}");
            before = text;
        }
        assert!(before.starts_with("9999-12-23"), "{before}");
        let after = Timestamp::from_micros(first + 3_652_425 * day);
        assert_eq!(after.to_string(), "Timestamp(253402300800000000µs)");
    }

    #[cfg(feature = "json")]
    #[test]
    fn json_is_text_and_nothing_else() {
        let time = Timestamp::from_micros(7);
        assert_eq!(serde_json::to_string(&time).unwrap(), r#""1970-01-01T00:00:00.000007Z""#);
        assert_eq!(serde_json::from_str::<Timestamp>(r#""1970-01-01T00:00:00.000007Z""#).unwrap(), time);
        assert!(serde_json::to_string(&Timestamp::from_micros(i64::MAX)).is_err());
        assert!(serde_json::from_str::<Timestamp>("7").is_err());
        let error = serde_json::from_str::<Timestamp>(r#""yesterday""#).unwrap_err().to_string();
        assert!(error.starts_with("`yesterday` is no timestamp such as 2026-01-31T12:30:00Z"), "{error}");
    }

    #[cfg(feature = "jiff")]
    #[test]
    fn others_read_the_same() {
        for micros in (-62_000_000_000_000_000..253_000_000_000_000_000).step_by(1_234_567_890_123) {
            let time = Timestamp::from_micros(micros);
            assert_eq!(Timestamp::from(time.to_string().parse::<jiff::Timestamp>().unwrap()), time);
        }
    }
}
