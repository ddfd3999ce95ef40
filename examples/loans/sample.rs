//! A made-up log for those who do not have the real one: the same format, roughly the same habits, always the same.

use es_core::Timestamp;

/// When the first application of the sample comes in: 2024-01-02T08:00:00Z.
const BEGIN: i64 = 1_704_182_400_000_000;
const MINUTE: i64 = 60_000_000;

/// The log of `applications` applications, ordered by time.
///
/// About one in forty holds what the rules refuse: a work item is started while it is in progress.
pub fn sample(applications: u32) -> String {
    let mut chance = Chance(7);
    let mut lines = Vec::new();
    for number in 1..=applications {
        lines.append(&mut Story::tell(number, &mut chance).lines);
    }
    // The sort is stable, so lines of the same moment stay in the order of their stream.
    lines.sort_by_key(|(at, _)| *at);
    lines.into_iter().map(|(_, line)| line).collect()
}

/// A linear congruential generator with the constants of Knuth's MMIX.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// What happens to one application.
struct Story<'a> {
    number: u32,
    at: i64,
    lines: Vec<(i64, String)>,
    chance: &'a mut Chance,
}

impl<'a> Story<'a> {
    fn tell(number: u32, chance: &'a mut Chance) -> Self {
        let at = BEGIN + i64::from(number) * 37 * MINUTE;
        let mut story = Story { number, at, lines: Vec::new(), chance };
        story.submission();
        story
    }

    fn submission(&mut self) {
        let amount = 500 * (1 + self.chance.below(60));
        self.line("ApplicationSubmitted", &format!(r#"{{"amount_requested":{amount}}}"#));
        self.happens("ApplicationPartlySubmitted");
        if self.chance.percent(44) {
            return self.happens("ApplicationDeclined");
        }
        self.happens("ApplicationPreaccepted");
        self.item("Scheduled", "CompleteApplication");
        self.work("CompleteApplication");
        match self.chance.below(100) {
            0..15 => self.happens("ApplicationDeclined"),
            15..30 => self.happens("ApplicationCancelled"),
            _ => self.offers(),
        }
    }

    fn offers(&mut self) {
        for step in ["ApplicationAccepted", "OfferSelected", "ApplicationFinalized", "OfferCreated", "OfferSent"] {
            self.happens(step);
        }
        self.item("Scheduled", "FollowUpOffers");
        self.work("FollowUpOffers");
        if self.chance.percent(20) {
            for step in ["OfferSelected", "OfferCancelled", "OfferCreated", "OfferSent"] {
                self.happens(step);
            }
        }
        if self.chance.percent(30) {
            self.happens("ApplicationCancelled");
            return self.happens("OfferCancelled");
        }
        self.happens("OfferSentBack");
        self.item("Scheduled", "ValidateApplication");
        self.work("ValidateApplication");
        match self.chance.below(100) {
            0..70 => {
                for step in ["OfferAccepted", "ApplicationRegistered", "ApplicationApproved", "ApplicationActivated"] {
                    self.happens(step);
                }
            }
            70..95 => {
                self.happens("OfferDeclined");
                self.happens("ApplicationDeclined");
            }
            _ => {}
        }
    }

    fn work(&mut self, item: &str) {
        for _ in 0..=self.chance.below(3) {
            self.item("Started", item);
            if self.chance.percent(1) {
                self.item("Started", item);
            }
            self.item("Completed", item);
        }
    }

    fn item(&mut self, step: &str, item: &str) {
        self.line(&format!("WorkItem{step}"), &format!(r#"{{"item":"{item}"}}"#));
    }

    fn happens(&mut self, what: &str) {
        self.line(what, "{}");
    }

    fn line(&mut self, what: &str, data: &str) {
        let (number, version, at) = (self.number, self.lines.len() + 1, Timestamp::from_micros(self.at));
        let line = format!(
            r#"{{"stream":"loan-{number}","version":{version},"type":"{what}","time":"{at}","actor":"{}","data":{data}}}"#,
            100 + self.chance.below(20),
        );
        self.lines.push((self.at, line + "\n"));
        self.at += MINUTE * (1 + i64::try_from(self.chance.below(600)).unwrap_or(0));
    }
}
