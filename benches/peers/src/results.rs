//! What was measured: kept as lines of text, read into medians, spreads and slopes.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::workload::Workload;

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    pub workload: Workload,
    pub size: usize,
    pub subject: String,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Operations, nanoseconds of wall and CPU, allocations and held bytes, and what it came to.
    Measured { operations: f64, wall: f64, cpu: f64, allocations: f64, held_bytes: f64, check: u64, is_counted: bool },
    /// The subject has no such thing.
    Unsupported,
    /// It took longer than it may.
    Stopped,
    /// It panicked.
    Failed(String),
}

/// Everything that was measured.
#[derive(Debug, Clone, Default)]
pub struct Results(pub Vec<Measurement>);

/// A median with the least and the greatest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub least: f64,
    pub greatest: f64,
}

/// What of a measurement is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Nanoseconds of CPU for one operation.
    Cpu,
    /// Nanoseconds on the clock for one operation.
    Wall,
    /// Allocations for one operation.
    Allocations,
    /// Bytes held for one operation.
    HeldBytes,
}

impl Metric {
    /// What a workload is told by.
    pub fn of(workload: Workload) -> Self {
        match workload {
            Workload::EightTasks => Self::Wall,
            Workload::Memory => Self::HeldBytes,
            _ => Self::Cpu,
        }
    }

    fn is_counted(self) -> bool {
        matches!(self, Self::Allocations | Self::HeldBytes)
    }
}

impl Results {
    fn values(&self, workload: Workload, size: usize, subject: &str, metric: Metric) -> Vec<f64> {
        let of = |measured: &Measurement| {
            let Outcome::Measured { operations, wall, cpu, allocations, held_bytes, is_counted, .. } = measured.outcome
            else {
                return None;
            };
            let value = match metric {
                Metric::Cpu => cpu,
                Metric::Wall => wall,
                Metric::Allocations => allocations,
                Metric::HeldBytes => held_bytes,
            };
            let is_it = measured.workload == workload && measured.size == size && measured.subject == subject;
            (is_it && is_counted == metric.is_counted()).then_some(value / operations)
        };
        self.0.iter().filter_map(of).collect()
    }

    /// How often it was measured.
    pub fn rounds(&self, workload: Workload, size: usize, subject: &str, metric: Metric) -> usize {
        self.values(workload, size, subject, metric).len()
    }

    pub fn spread(&self, workload: Workload, size: usize, subject: &str, metric: Metric) -> Option<Spread> {
        let mut values = self.values(workload, size, subject, metric);
        let median = median(&mut values)?;
        Some(Spread { median, least: *values.first()?, greatest: *values.last()? })
    }

    /// The median over the rounds of the ratio within a round, so that noise that lasts hits both.
    pub fn ratio(&self, workload: Workload, size: usize, subject: &str, base: &str, metric: Metric) -> Option<f64> {
        let (own, base) = (self.values(workload, size, subject, metric), self.values(workload, size, base, metric));
        let mut ratios: Vec<_> = own.iter().zip(&base).map(|(own, base)| own / base).collect();
        median(&mut ratios)
    }

    /// Why there is no number.
    pub fn missing(&self, workload: Workload, subject: &str) -> Option<&Outcome> {
        let of = |measured: &&Measurement| measured.workload == workload && measured.subject == subject;
        let outcomes = || self.0.iter().filter(of).map(|measured| &measured.outcome);
        outcomes().find(|outcome| !matches!(outcome, Outcome::Measured { .. }))
    }

    /// The sizes at which it was measured, with the median for one operation.
    pub fn points(&self, workload: Workload, subject: &str, metric: Metric) -> Vec<(f64, f64)> {
        let mut sizes: Vec<_> =
            self.0.iter().filter(|measured| measured.workload == workload).map(|measured| measured.size).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let point = |size: usize| Some((size as f64, self.spread(workload, size, subject, metric)?.median));
        sizes.into_iter().filter_map(point).collect()
    }

    /// The slope of a line through the logarithms of size and cost of one operation: 0 is constant, 1 is linear.
    pub fn slope(&self, workload: Workload, subject: &str, metric: Metric) -> Option<f64> {
        let points = self.points(workload, subject, metric);
        let points: Vec<_> =
            points.into_iter().filter(|(_, cost)| *cost > 0.0).map(|(x, y)| (x.ln(), y.ln())).collect();
        if points.len() < 2 {
            return None;
        }
        let count = points.len() as f64;
        let (mean_x, mean_y) = (
            points.iter().map(|point| point.0).sum::<f64>() / count,
            points.iter().map(|point| point.1).sum::<f64>() / count,
        );
        let (mut above, mut below) = (0.0, 0.0);
        for (x, y) in points {
            above += (x - mean_x) * (y - mean_y);
            below += (x - mean_x).powi(2);
        }
        Some(above / below)
    }

    /// The results that are not the same for everybody, as sentences.
    pub fn disagreements(&self) -> Vec<String> {
        let mut checks: BTreeMap<(Workload, usize), (u64, String)> = BTreeMap::new();
        let mut found = Vec::new();
        for Measurement { workload, size, subject, outcome } in &self.0 {
            let Outcome::Measured { check, .. } = outcome else { continue };
            let (expected, first) = checks.entry((*workload, *size)).or_insert((*check, subject.clone()));
            if expected != check {
                found.push(format!("{workload} of {size}: {first} came to {expected}, {subject} to {check}"));
            }
        }
        found.sort();
        found.dedup();
        found
    }

    pub fn to_csv(&self) -> String {
        let mut text =
            "workload,size,subject,operations,wall_ns,cpu_ns,allocations,held_bytes,check,counted\n".to_owned();
        for Measurement { workload, size, subject, outcome } in &self.0 {
            let rest = match outcome {
                Outcome::Measured { operations, wall, cpu, allocations, held_bytes, check, is_counted } => {
                    format!("{operations},{wall},{cpu},{allocations},{held_bytes},{check},{is_counted}")
                }
                Outcome::Unsupported => "unsupported".to_owned(),
                Outcome::Stopped => "stopped".to_owned(),
                Outcome::Failed(text) => format!("failed: {}", text.replace([',', '\n'], " ")),
            };
            let _ = writeln!(text, "{workload},{size},\"{subject}\",{rest}");
        }
        text
    }

    /// What [`to_csv`](Self::to_csv) wrote.
    ///
    /// # Errors
    /// The line that is none of its.
    pub fn from_csv(text: &str) -> Result<Self, String> {
        let line = |line: &str| {
            let (head, rest) = line.split_once(",\"")?;
            let (subject, rest) = rest.split_once("\",")?;
            let (workload, size) = head.split_once(',')?;
            let outcome = match rest {
                "unsupported" => Outcome::Unsupported,
                "stopped" => Outcome::Stopped,
                failed if failed.starts_with("failed: ") => Outcome::Failed(failed[8..].to_owned()),
                measured => {
                    let fields: Vec<_> = measured.split(',').collect();
                    let number = |at: usize| fields.get(at)?.parse::<f64>().ok();
                    Outcome::Measured {
                        operations: number(0)?,
                        wall: number(1)?,
                        cpu: number(2)?,
                        allocations: number(3)?,
                        held_bytes: number(4)?,
                        check: fields.get(5)?.parse().ok()?,
                        is_counted: fields.get(6)? == &"true",
                    }
                }
            };
            Some(Measurement {
                workload: workload.parse().ok()?,
                size: size.parse().ok()?,
                subject: subject.to_owned(),
                outcome,
            })
        };
        let lines = text.lines().skip(1).filter(|text| !text.is_empty());
        lines
            .map(|text| line(text).ok_or_else(|| format!("no measurement: {text}")))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// Of values that are sorted for it.
fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { f64::midpoint(values[middle - 1], upper) })
}
