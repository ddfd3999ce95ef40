//! The checks by name: the one list from which tests, reports and the proof by mutants are made.

use std::future::Future;
use std::pin::Pin;

use super::rules::OF_EVENTS;
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
    /// [`SnapshotStore`](es_core::store::SnapshotStore).
    Snapshots,
    /// That it tells an event id of one stream from that of another; a store is said not to by `ids_within_streams`.
    IdsAcrossStreams,
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
            Self::Snapshots => "snapshots",
            Self::IdsAcrossStreams => "ids_across_streams",
            Self::SecondHandle => "second_handle",
            Self::Durable => "durable",
        }
    }
}

type Run = for<'a> fn(&'a mut Subject) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

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
    /// The number of the rule that it is named by: its place in [`RULES`](super::RULES), from 1.
    pub fn rule(&self) -> usize {
        let number = |digits: Option<&str>| digits.and_then(|digits| digits.parse::<usize>().ok());
        match self.name.strip_prefix("rule_s") {
            Some(rest) => number(rest.get(..1)).map_or(0, |number| OF_EVENTS + number),
            None => number(self.name.get(5..7)).unwrap_or(0),
        }
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
                rule_14_one_event_is_the_same_in_the_stream_and_in_the_log,
                rule_35_what_is_said_to_be_read_as_appended_is,
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
            sending_again: Store {
                rule_16_what_is_sent_again_has_its_first_outcome_and_is_not_written_again,
                rule_16_only_ids_are_compared,
                rule_16_after_an_unknown_outcome_sending_again_stores_everything_once,
                rule_17_a_part_of_what_is_stored_is_refused,
                rule_17_another_order_is_refused,
                rule_17_events_that_are_not_next_to_each_other_are_refused,
                rule_18_limits_come_before_ids_and_ids_before_what_is_expected,
                rule_18_an_empty_append_is_always_new,
                rule_16_many_who_send_the_same_at_once_store_it_once,
            }
            sending_again: IdsAcrossStreams {
                rule_15_an_id_is_stored_once_in_the_store,
                rule_17_another_stream_is_refused,
            }
            hostile: Store {
                rule_06_ids_with_quotes_and_every_script_are_kept,
                rule_06_names_and_metadata_with_quotes_and_every_script_are_kept,
                rule_06_the_longest_ids_and_names_are_kept_and_told_apart,
                rule_06_the_longest_category_is_kept_and_filtered_by,
                rule_06_payloads_of_every_byte_and_size_are_kept,
                rule_06_long_metadata_are_kept,
                rule_06_control_characters_in_metadata_are_kept,
                rule_06_every_schema_version_is_kept,
            }
            concurrency: Store {
                rule_03_of_many_that_expect_one_version_one_wins,
                rule_03_of_many_that_create_a_stream_one_wins,
                rule_02_many_appends_to_a_new_stream_get_dense_versions,
                rule_02_many_appends_to_an_existing_stream_get_dense_versions,
                rule_03_appends_to_different_streams_never_conflict,
                rule_10_batches_of_many_writers_are_not_interleaved,
                rule_01_a_reader_sees_all_of_a_batch_or_nothing_of_it,
                rule_11_a_tailing_reader_loses_nothing_and_sees_order_while_many_write,
                rule_11_a_tailing_reader_with_a_filter_loses_nothing_while_many_write,
                rule_11_a_tailing_reader_without_a_limit_loses_nothing_while_many_write,
            }
            histories: Store {
                rule_03_random_histories_agree_with_a_list,
                rule_03_appends_and_reads_of_one_stream_are_linearizable,
            }
            subscribing: Subscribe {
                rule_23_waiting_for_what_is_there_ends_at_once,
                rule_23_waiting_ends_when_there_is_an_event_which_a_read_then_finds,
                rule_24_waiting_at_the_head_does_not_end_early_for_ever,
                rule_24_dropping_a_waiter_does_no_harm,
                rule_25_every_waiter_is_woken,
                rule_25_no_event_is_missed_between_looking_and_waiting,
                rule_25_a_reader_that_waits_keeps_up_with_a_fast_writer,
                rule_23_a_subscription_gives_the_past_then_one_mark_then_what_happens,
                rule_13_what_a_filter_leaves_out_moves_a_subscription_on,
                rule_23_a_subscription_that_resumes_goes_on_after_its_checkpoint,
                rule_23_a_subscription_hands_over_from_past_to_present_while_many_write,
            }
            checkpoints: Checkpoints {
                rule_26_what_was_saved_last_is_loaded,
                rule_26_a_checkpoint_is_loaded_by_its_whole_name,
                rule_27_a_change_that_expects_something_else_is_a_conflict,
                rule_27_of_several_savers_one_succeeds,
                rule_27_savers_under_different_names_do_not_disturb_each_other,
                rule_28_a_save_does_not_go_back_and_a_reset_does,
                rule_29_a_deleted_checkpoint_is_as_never_saved,
                rule_29_the_list_has_each_once_sorted_by_bytes,
            }
            several_streams: MultiStreamAppend {
                rule_30_streams_interleave_in_the_log_as_given,
                rule_30_a_batch_of_one_stream_is_an_append,
                rule_30_if_one_stream_is_not_as_expected_none_is_written,
                rule_32_each_expectation_of_a_stream_that_is_appended_to,
                rule_32_each_expectation_of_a_stream_that_is_only_checked,
                rule_32_every_violation_is_listed_and_nothing_is_written,
                rule_32_checks_that_hold_write_and_create_nothing,
                rule_32_without_events_everything_expected_is_checked,
                rule_31_what_takes_part_wrongly_is_refused,
                rule_31_limits_and_ids_hold_for_all_streams_together,
                rule_33_what_is_sent_again_has_its_first_outcome_and_all_else_is_refused,
                rule_34_the_outcome_names_each_stream_with_its_last_event,
                rule_32_of_rivals_over_two_streams_in_either_order_one_wins_each_round,
            }
            snapshots: Snapshots {
                rule_s1_every_part_of_a_snapshot_is_kept_as_it_is_given,
                rule_s1_payloads_of_every_byte_and_size_are_kept,
                rule_s1_of_many_savers_and_readers_each_sees_a_whole_snapshot,
                rule_s2_the_latest_at_or_below_a_version_is_loaded,
                rule_s2_other_streams_and_other_fingerprints_have_none,
                rule_s2_streams_with_colliding_prefixes_are_told_apart,
                rule_s3_a_lower_version_that_is_saved_late_takes_nothing_away,
                rule_s4_a_version_that_is_saved_again_is_replaced,
                rule_s5_the_two_fingerprints_that_were_saved_last_are_kept,
                rule_s6_a_deletion_forgets_all_of_one_stream_and_nothing_else,
                rule_s6_what_is_not_there_can_be_deleted,
                rule_s7_events_know_nothing_of_snapshots,
            }
            handles: SecondHandle {
                rule_11_what_one_handle_appends_the_other_reads_and_back,
                rule_03_a_conflict_is_seen_across_handles,
                rule_03_of_many_on_two_handles_that_expect_one_version_one_wins,
                rule_16_what_one_handle_sent_the_other_may_send_again,
                rule_23_a_reader_on_one_handle_is_woken_by_the_other,
                rule_26_a_checkpoint_is_the_same_on_both_handles,
                rule_s1_a_snapshot_is_the_same_on_both_handles,
            }
            handles: Durable {
                rule_06_everything_is_there_after_a_restart,
                rule_03_expectations_and_versions_go_on_after_a_restart,
                rule_16_what_was_sent_before_a_restart_has_its_first_outcome,
                rule_26_checkpoints_are_there_after_a_restart,
                rule_s1_snapshots_are_there_after_a_restart,
                rule_30_several_streams_are_there_after_a_restart,
            }
        }
    };
}
