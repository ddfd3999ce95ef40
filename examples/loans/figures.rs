//! The rows and answers of all read models, compared with what plain JSON of the same log says.
//!
//! [`Expected`] knows the lines of the log, and nothing of events, stores and projections.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Cursor, Read};

use es_core::store::{CheckpointName, Scan};
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use crate::import::{Imported, import};
use crate::loan::{Outcome, WorkItem};
use crate::log::LoanLog;
use crate::read_models::ReadModels;
use crate::read_models::decisions::{CountReached, DecisionTime, GetTimeToDecision, LoanStep};
use crate::read_models::work::{
    CountUntouched, GetBusyClerks, GetOpenWork, GetWaitingWork, OpenWork, WorkKey, WorkTime,
};
use crate::sample::sample;
use crate::tests::real_log;

const MODELS: [&str; 10] = [
    "open-work",
    "work-times",
    "decision-times",
    "loan-steps",
    "offers",
    "open-offers",
    "clerks",
    "work-items",
    "days",
    "hours",
];

/// The rows of each read model by key, and the lines that break a rule.
#[derive(Default)]
struct Expected {
    rows: BTreeMap<&'static str, BTreeMap<String, Value>>,
    refused: u64,
    /// The item that is in progress, and whether the application was preaccepted; by application.
    in_progress: BTreeMap<String, String>,
    preaccepted: BTreeSet<String>,
}

impl Expected {
    fn of(log: &str) -> Self {
        let mut expected = Self::default();
        for line in log.lines() {
            expected.line(&serde_json::from_str(line).unwrap());
        }
        expected
    }

    fn row(&mut self, model: &'static str, key: &str, new: &Value) -> &mut Value {
        self.rows.entry(model).or_default().entry(key.to_owned()).or_insert_with(|| new.clone())
    }

    fn count(&mut self, model: &'static str, key: &str, new: &Value, field: &str) {
        let field = &mut self.row(model, key, new)[field];
        *field = json!(field.as_u64().unwrap() + 1);
    }

    fn line(&mut self, line: &Value) {
        let loan = line["stream"].as_str().unwrap().strip_prefix("loan-").unwrap();
        let (kind, at) = (line["type"].as_str().unwrap(), micros(line["time"].as_str().unwrap()));
        match kind.strip_prefix("WorkItem") {
            Some(step) => self.work(step, loan, at, line),
            None => self.application(kind, loan, at, line),
        }
    }

    fn work(&mut self, step: &str, loan: &str, at: i64, line: &Value) {
        let item = line["data"]["item"].as_str().unwrap();
        let (key, actor) = (format!("{loan}/{item}"), line["actor"].as_str());
        if step == "Started" {
            // One item is in progress at a time.
            if self.in_progress.contains_key(loan) {
                self.refused += 1;
                return;
            }
            self.in_progress.insert(loan.to_owned(), item.to_owned());
        }
        if step == "Completed" && self.in_progress.get(loan).is_some_and(|busy| busy == item) {
            self.in_progress.remove(loan);
        }
        let items = json!({"scheduled": 0, "started": 0, "completed": 0});
        self.count("work-items", item, &items, &step.to_lowercase());
        if let (Some(actor), "Started" | "Completed") = (actor, step) {
            self.count("clerks", actor, &json!({"started": 0, "completed": 0}), &step.to_lowercase());
        }
        let time = json!({"sessions": 0, "micros": 0, "untouched": 0, "started_at": null});
        match step {
            "Scheduled" => {
                self.row("open-work", &key, &json!({"clerk": null, "is_started": false, "since": at}));
            }
            "Started" => {
                *self.row("open-work", &key, &json!({})) = json!({"clerk": actor, "is_started": true, "since": at});
                self.row("work-times", &key, &time)["started_at"] = json!(at);
                let hour = at.div_euclid(3_600_000_000) % 24;
                self.count("hours", &hour.to_string(), &json!({"started": 0}), "started");
            }
            _ => {
                self.rows.entry("open-work").or_default().remove(&key);
                let row = self.row("work-times", &key, &time);
                if let Some(started) = row["started_at"].as_i64() {
                    let micros = row["micros"].as_i64().unwrap() + at - started;
                    (row["micros"], row["started_at"]) = (json!(micros), Value::Null);
                    self.count("work-times", &key, &time, "sessions");
                } else {
                    self.count("work-times", &key, &time, "untouched");
                }
            }
        }
    }

    fn application(&mut self, kind: &str, loan: &str, at: i64, line: &Value) {
        if kind == "ApplicationPreaccepted" {
            self.preaccepted.insert(loan.to_owned());
        }
        // Only a preaccepted application is cancelled.
        if kind == "ApplicationCancelled" && !self.preaccepted.contains(loan) {
            self.refused += 1;
            return;
        }
        let steps = "Submitted Preaccepted Accepted . . Approved";
        let name = kind.strip_prefix("Application").unwrap_or(".");
        let step = match kind {
            "OfferSent" => Some(4),
            "OfferSentBack" => Some(5),
            _ => steps.split(' ').position(|step| step == name && name != ".").map(|at| at + 1),
        };
        if let Some(step) = step {
            let row = self.row("loan-steps", loan, &json!({"step": 0, "euros": line["data"]["amount_requested"]}));
            row["step"] = json!(row["step"].as_u64().unwrap().max(step as u64));
        }
        let ends = [("Approved", "granted"), ("Declined", "declined"), ("Cancelled", "cancelled")];
        let end = ends.iter().find(|(end, _)| *end == name).map(|(_, outcome)| *outcome);
        let days = json!({"submitted": 0, "granted": 0, "declined": 0, "cancelled": 0});
        if let Some(field) = end.or((name == "Submitted").then_some("submitted")) {
            self.count("days", &day(at), &days, field);
            let new = json!({"submitted_at": at, "outcome": null, "micros": null});
            let row = self.row("decision-times", loan, &new);
            if let (Some(outcome), Value::Null) = (end, &row["outcome"]) {
                row["micros"] = json!(at - row["submitted_at"].as_i64().unwrap());
                row["outcome"] = json!(outcome);
            }
        }
        if let ("OfferSent" | "OfferSentBack" | "OfferAccepted", new) =
            (kind, json!({"sent": 0, "sent_back": 0, "accepted": 0}))
        {
            let field = match kind {
                "OfferSent" => "sent",
                "OfferSentBack" => "sent_back",
                _ => "accepted",
            };
            self.count("offers", loan, &new, field);
        }
        match kind {
            "OfferSent" => *self.row("open-offers", loan, &json!({})) = json!({"sent_at": at}),
            "OfferAccepted" | "OfferDeclined" | "OfferCancelled" => {
                self.rows.entry("open-offers").or_default().remove(loan);
            }
            _ => {}
        }
    }

    fn field<'a>(&'a self, model: &str, field: &'a str) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.rows[model].iter().map(move |(key, row)| (key, &row[field]))
    }
}

/// Microseconds since 1970 of `2011-10-01T00:38:44.546+02:00`.
fn micros(text: &str) -> i64 {
    let number = |from: usize, to: usize| text[from..to].parse::<i64>().unwrap();
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    // Years begin with March, so that the day that some years have more is their last.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468;
    let seconds = ((days * 24 + number(11, 13)) * 60 + number(14, 16)) * 60 + number(17, 19);
    let rest = &text[19..];
    let zone = rest.find(['Z', '+', '-']).unwrap();
    let fraction = format!("{:0<6}", rest[..zone].trim_start_matches('.'));
    let offset = match &rest[zone..=zone] {
        "Z" => 0,
        sign => {
            let at = 19 + zone;
            let minutes = number(at + 1, at + 3) * 60 + number(at + 4, at + 6);
            if sign == "+" { minutes } else { -minutes }
        }
    };
    (seconds - offset * 60) * 1_000_000 + fraction.parse::<i64>().unwrap()
}

/// The date, by counting days.
fn day(micros: i64) -> String {
    let (mut left, mut year) = (micros.div_euclid(86_400_000_000), 1970);
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    while left >= 365 + i64::from(is_leap(year)) {
        left -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        (left, month) = (left - length, month + 1);
    }
    format!("{year}-{month:02}-{:02}", left + 1)
}

/// All rows of a read model as they are stored, with times as microseconds.
async fn stored(rows: &es::Store, name: &CheckpointName) -> BTreeMap<String, Value> {
    let page = rows.scan_rows(name, Scan::keys()).await.unwrap();
    let row = |row: es_core::store::Row| {
        let mut value: Value = serde_json::from_slice(&row.payload).unwrap();
        for field in ["since", "started_at", "submitted_at", "sent_at"] {
            if let Some(time) = value.get(field).and_then(Value::as_str).map(micros) {
                value[field] = json!(time);
            }
        }
        (row.key, value)
    };
    page.rows.into_iter().map(row).collect()
}

/// Compares every row of every read model, and every answer.
pub(crate) async fn compare(log: &str, models: &ReadModels, rows: &es::Store) -> u64 {
    let expected = Expected::of(log);
    for model in MODELS {
        let found = stored(rows, models.find(model).unwrap()).await;
        let wanted = &expected.rows[model];
        let keys = |rows: &BTreeMap<String, Value>| rows.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&found), keys(wanted), "the rows of {model}");
        for (key, row) in wanted {
            assert_eq!(&found[key], row, "row {key} of {model}");
        }
    }
    compare_work(&expected, models).await;
    compare_decisions(&expected, models).await;
    expected.refused
}

async fn compare_work(expected: &Expected, models: &ReadModels) {
    let mut by_clerk = BTreeMap::<String, Vec<String>>::new();
    for (key, clerk) in expected.field("open-work", "clerk") {
        if let Some(clerk) = clerk.as_str() {
            by_clerk.entry(clerk.to_owned()).or_default().push(key.clone());
        }
    }
    let told = |keys: Vec<WorkKey>| keys.iter().map(ToString::to_string).collect::<Vec<_>>();
    let busy = models.query::<OpenWork, _>(GetBusyClerks).await.unwrap();
    assert_eq!(busy.iter().collect::<Vec<_>>(), by_clerk.keys().collect::<Vec<_>>());
    for (clerk, open) in by_clerk {
        let answer = models.query::<OpenWork, _>(GetOpenWork { clerk: clerk.clone() }).await.unwrap();
        assert_eq!(told(answer), open, "{clerk}");
    }
    let idle = models.query::<OpenWork, _>(GetOpenWork { clerk: "nobody".to_owned() }).await.unwrap();
    assert_eq!(idle, []);
    let waiting = models.query::<OpenWork, _>(GetWaitingWork).await.unwrap();
    let expected_waiting = expected.field("open-work", "is_started").filter(|(_, is_started)| **is_started == false);
    assert_eq!(told(waiting), expected_waiting.map(|(key, _)| key.clone()).collect::<Vec<_>>());
    let untouched: u64 = expected.field("work-times", "untouched").map(|(_, count)| count.as_u64().unwrap()).sum();
    assert_eq!(u64::from(models.query::<WorkTime, _>(CountUntouched).await.unwrap()), untouched);
}

async fn compare_decisions(expected: &Expected, models: &ReadModels) {
    for outcome in Outcome::ALL {
        let rows = expected.rows["decision-times"].values().filter(|row| row["outcome"] == outcome.name());
        let times: Vec<_> = rows.map(|row| row["micros"].as_u64().unwrap()).collect();
        let answer = models.query::<DecisionTime, _>(GetTimeToDecision(outcome)).await.unwrap();
        assert_eq!(answer.count(), times.len());
        for percent in [1, 10, 25, 50, 75, 90, 99, 100] {
            // By the definition, and not by sorting: the least time that so many do not exceed.
            let keeps = |limit: u64| times.iter().filter(|time| **time <= limit).count() * 100 >= times.len() * percent;
            let quantile = times.iter().copied().filter(|time| keeps(*time)).min();
            assert_eq!(answer.seconds(percent), quantile.map(|micros| micros / 1_000_000), "{outcome:?} {percent} %");
        }
    }
    for step in 1..=6 {
        let rows = || expected.rows["loan-steps"].values().filter(|row| row["step"].as_u64() >= Some(step.into()));
        let euros = rows().map(|row| row["euros"].as_u64().unwrap()).sum();
        let answer = models.query::<LoanStep, _>(CountReached { step }).await.unwrap();
        assert_eq!(answer, (rows().count() as u64, euros), "step {step}");
    }
}

/// Imports `log` into the store at `url`, and has a runner make all rows.
pub(crate) async fn read(log: &str, url: &str) -> (es::Store, ReadModels, Imported) {
    let store = es::connect(url).await.unwrap();
    let imported = import(LoanLog::read(Cursor::new(log.to_owned())), store.clone()).await.unwrap();
    let models = ReadModels::new(store.clone());
    models.catch_up(&store).await.unwrap();
    (store, models, imported)
}

/// The figures in the middle of the log are another matter than at its end, where nearly all work is done.
#[tokio::test]
async fn all_figures_of_the_real_log_are_those_of_its_lines() {
    let Some(path) = real_log() else { return };
    let mut log = String::new();
    MultiGzDecoder::new(BufReader::new(File::open(path).unwrap())).read_to_string(&mut log).unwrap();
    let (store, models, imported) = read(&log, "memory:").await;
    assert_eq!(compare(&log, &models, &store).await, 3);
    assert_eq!(imported.pace.events, 262_197);
    // 1,040 in the log, and the two whose second start was refused.
    assert_eq!(models.query::<WorkTime, _>(CountUntouched).await.unwrap(), 1_042);
    assert_eq!(models.query::<OpenWork, _>(GetWaitingWork).await.unwrap().len(), 60);
    let open = models.query::<OpenWork, _>(GetBusyClerks).await.unwrap();
    assert_eq!(open.into_iter().collect::<Vec<_>>(), ["10972", "11169", "11289"]);
    for (outcome, quantiles) in [
        (Outcome::Granted, [1_247_106, 2_478_959, 4_384_236]),
        (Outcome::Declined, [673, 680_193, 2_583_484]),
        (Outcome::Cancelled, [1_455_499, 2_748_135, 5_161_278]),
    ] {
        let answer = models.query::<DecisionTime, _>(GetTimeToDecision(outcome)).await.unwrap();
        assert_eq!([50, 90, 99].map(|percent| answer.seconds(percent)), quantiles.map(Some), "{outcome:?}");
    }
    let part: String = log.split_inclusive('\n').take(20_000).collect();
    let (store, models, _) = read(&part, "memory:").await;
    assert_eq!(compare(&part, &models, &store).await, 0);
    assert!(models.query::<OpenWork, _>(GetBusyClerks).await.unwrap().len() > 3);
}

#[tokio::test]
async fn all_figures_of_the_sample_are_those_of_its_lines_in_memory_and_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}", folder.path().join("loans.db").display());
    let log = sample(300);
    let half: String = log.split_inclusive('\n').take(2_000).collect();
    for (log, is_whole) in [(&log, true), (&half, false)] {
        for url in ["memory:", &file] {
            let (store, models, imported) = read(log, url).await;
            let refused: usize = imported.refused.values().map(|refused| refused.lines.len()).sum();
            assert_eq!(compare(log, &models, &store).await, refused as u64);
            // At the end of the sample all work is done.
            let busy = models.query::<OpenWork, _>(GetBusyClerks).await.unwrap();
            assert_eq!(busy.is_empty(), is_whole, "{busy:?}");
        }
        std::fs::remove_file(folder.path().join("loans.db")).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_figures_of_the_sample_are_the_same_in_postgresql() {
    let Some(server) = test_servers::Postgres::shared() else { return };
    figures_in(&server.database()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_figures_of_the_sample_are_the_same_in_jetstream() {
    let Some(server) = test_servers::Nats::shared() else { return };
    figures_in(&format!("{}/loans", server.url())).await;
}

async fn figures_in(url: &str) {
    let log = sample(40);
    let (store, models, imported) = read(&log, url).await;
    let refused: usize = imported.refused.values().map(|refused| refused.lines.len()).sum();
    assert_eq!(compare(&log, &models, &store).await, refused as u64);
    crate::replay::replay(store.clone(), &imported).await.unwrap();
    assert!(examples::connect_empty(url).await.is_err(), "a second import needs another store");
}

#[test]
fn every_work_item_has_a_name_that_is_read_again() {
    for item in WorkItem::ALL {
        assert_eq!(item.to_string().parse::<WorkItem>(), Ok(item));
    }
}

#[test]
fn times_and_days_are_counted_right() {
    assert_eq!(micros("1970-01-01T00:00:00Z"), 0);
    assert_eq!(micros("2000-02-29T23:59:59.5+01:00"), 951_865_199_500_000);
    assert_eq!(day(951_865_199_500_000), "2000-02-29");
}
