//! The checks by name: the one list from which tests, reports and the proof by mutants are made.

use std::future::Future;
use std::pin::Pin;

use super::subject::Subject;

/// What a check needs of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Capability {
    /// Nothing beyond [`EventStore`](es_core::store::EventStore).
    Store,
    /// [`Subscribe`](es_core::store::Subscribe).
    Subscribe,
    /// [`CheckpointStore`](es_core::store::CheckpointStore).
    Checkpoints,
    /// [`MultiStreamAppend`](es_core::store::MultiStreamAppend).
    MultiStreamAppend,
    /// That it can be opened twice at one place.
    SecondHandle,
    /// That it has what it had when it is opened again.
    Durable,
}

impl Capability {
    /// Its name in [`store_conformance!`](crate::store_conformance).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Subscribe => "subscribe",
            Self::Checkpoints => "checkpoints",
            Self::MultiStreamAppend => "multi_stream_append",
            Self::SecondHandle => "second_handle",
            Self::Durable => "durable",
        }
    }
}

type Run = for<'a> fn(&'a Subject) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// A part of the contract that can be seen kept or broken.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The rule in words, with its number first.
    pub name: &'static str,
    /// Which part of the suite it belongs to.
    pub group: &'static str,
    /// What it needs of the store.
    pub needs: Capability,
    pub(super) run: Run,
}

impl Check {
    /// The number of the rule that it is named by.
    pub fn rule(&self) -> usize {
        self.name.get(5..7).and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

/// All checks, in the order of the list.
pub fn checks() -> Vec<Check> {
    macro_rules! listed {
        ({} $($group:ident: $needs:ident { $($check:ident),* $(,)? })*) => {
            vec![$($(Check {
                name: stringify!($check),
                group: stringify!($group),
                needs: Capability::$needs,
                run: |on| Box::pin(super::$group::$check(on)),
            }),*),*]
        };
    }
    crate::__conformance_checks!([listed] {})
}

/// Gives the list to a macro, after what that macro is to know beside.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_checks {
    ([$($then:tt)*] $args:tt) => {
        $($then)*! {
            $args
            appending: Store {
                rule_01_a_batch_is_stored_together_and_in_the_given_order,
                rule_01_a_refused_batch_stores_nothing_at_all,
                rule_02_versions_count_from_1_in_each_stream,
                rule_02_a_conflict_leaves_no_gap_in_the_versions,
                rule_03_ten_appends_one_by_one_at_the_exact_version,
                rule_03_each_expectation_of_a_missing_stream,
                rule_03_each_expectation_of_a_stream_of_one,
                rule_03_each_expectation_of_a_stream_of_two,
                rule_03_a_writer_who_lost_reloads_and_goes_on,
                rule_03_a_conflict_does_not_move_the_log,
                rule_04_an_empty_append_creates_no_stream,
                rule_04_what_an_empty_append_expects_is_checked,
                rule_05_two_events_with_one_id_are_refused,
                rule_05_a_batch_at_the_limit_is_stored_and_one_over_it_refused,
                rule_05_a_payload_at_the_limit_is_stored_and_one_over_it_refused,
                rule_06_everything_is_given_back_as_it_was_given,
                rule_06_each_part_of_the_metadata_is_kept_or_absent_by_itself,
                rule_06_times_are_kept_and_do_not_order_anything,
                rule_06_one_event_is_the_same_in_the_stream_and_in_the_log,
            }
            reading: Store {
                rule_07_a_missing_stream_reads_as_empty_and_is_not_created_by_it,
                rule_08_a_stream_and_the_log_are_read_in_order_and_backward_in_reverse,
                rule_09_any_range_of_a_stream_gives_what_is_meant,
                rule_09_any_range_of_the_log_gives_what_is_meant,
                rule_10_positions_are_above_0_increase_and_keep_a_batch_together,
                rule_10_an_append_returns_the_position_at_which_its_last_event_is_read,
                rule_11_a_reader_that_pages_on_while_others_append_sees_every_event_once,
                rule_12_streams_with_colliding_prefixes_are_told_apart,
                rule_13_pages_of_every_size_give_the_same,
                rule_13_a_range_beyond_the_end_or_the_wrong_way_round_is_empty,
                rule_13_a_page_that_finds_nothing_in_a_long_log_still_advances,
                rule_22_version_and_head_are_those_of_the_whole,
                rule_22_an_end_that_was_reached_is_no_end_after_an_append,
            }
            filters: Store {
                rule_19_a_filter_selects_whole_names_in_the_same_letters,
                rule_19_a_filter_selects_whole_categories_in_the_same_letters,
                rule_19_a_filter_selects_before_the_limit_counts,
                rule_19_an_empty_list_selects_nothing,
                rule_19_names_and_categories_must_both_be_right,
                rule_19_a_stream_can_be_read_by_names,
                rule_20_backward_with_a_limit_keeps_the_newest_of_what_is_selected,
                rule_21_pages_of_every_filter_range_direction_and_limit,
            }
        }
    };
}
