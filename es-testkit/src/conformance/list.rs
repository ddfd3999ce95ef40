//! The checks by name: the one list from which tests, reports and the proof by mutants are made.

use std::future::Future;
use std::pin::Pin;

use super::rules::LETTERS;
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
    /// [`ReadModelStore`](es_core::store::ReadModelStore).
    ReadModels,
    /// [`InlineAppend`](es_core::store::InlineAppend).
    InlineAppend,
    /// [`LeaseStore`](es_core::store::LeaseStore).
    Leases,
    /// [`FailureStore`](es_core::store::FailureStore).
    Failures,
    /// [`Transact`](es_core::store::Transact) or [`AsyncTransact`](es_core::store::AsyncTransact); the latter is said by
    /// `async_transactions`.
    Transactions,
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
            Self::ReadModels => "read_models",
            Self::InlineAppend => "inline_append",
            Self::Leases => "leases",
            Self::Failures => "failures",
            Self::Transactions => "transactions",
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
        let rule = self.name.strip_prefix("rule_").and_then(|rest| rest.split('_').next()).unwrap_or("");
        let lettered = LETTERS.iter().find_map(|(letter, before)| Some((rule.strip_prefix(*letter)?, before)));
        match lettered {
            Some((rest, before)) => number(Some(rest)).map_or(0, |number| before + number),
            None => number(Some(rule)).unwrap_or(0),
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
            visiting: Store {
                rule_36_a_visit_to_a_stream_shows_what_a_read_gives,
                rule_36_a_visit_to_the_log_shows_what_a_read_gives,
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
                rule_s7_no_append_waits_for_a_snapshot,
            }
            read_models: ReadModels {
                rule_m1_every_part_of_a_row_is_kept_as_it_is_given,
                rule_m1_rows_are_loaded_by_whole_keys_in_the_order_that_is_asked_for,
                rule_m2_writes_are_done_in_their_order,
                rule_m2_the_checkpoint_moves_with_the_rows,
                rule_m3_what_is_not_as_expected_changes_nothing,
                rule_m3_of_several_committers_one_succeeds,
                rule_m4_a_put_replaces_the_row_and_its_index_values,
                rule_m4_a_deletion_takes_a_row_from_all_indexes,
                rule_m8_many_readers_see_rows_and_checkpoint_of_one_commit,
                rule_m9_read_models_with_colliding_names_are_told_apart,
                rule_m10_a_dropped_read_model_is_as_never_committed,
                rule_m11_read_models_are_listed_until_they_are_dropped,
            }
            scanning: ReadModels {
                rule_m5_a_scan_by_key_is_ordered_by_bytes_and_keeps_to_its_range,
                rule_m6_a_scan_by_index_is_ordered_by_value_and_then_by_key,
                rule_m6_a_scan_by_index_keeps_to_its_range,
                rule_m7_pages_of_every_size_and_direction_are_the_whole_scan,
                rule_m7_a_page_goes_on_after_a_row_that_is_gone,
            }
            inline: InlineAppend {
                rule_n1_an_append_takes_its_projections_to_the_end_of_the_log,
                rule_n1_what_was_appended_without_them_is_made_up_for,
                rule_n2_what_a_projection_cannot_take_in_is_not_appended,
                rule_n3_a_refused_append_moves_no_projection,
                rule_n3_several_streams_are_projected_in_the_order_of_the_log,
                rule_n1_of_many_that_append_each_event_is_projected_once,
            }

            leasing: Leases {
                rule_l1_a_free_lease_is_given_and_a_held_one_is_not,
                rule_l1_of_many_owners_one_gets_it,
                rule_l2_the_token_grows_with_every_grant,
                rule_l2_an_owner_who_asks_again_has_a_new_lease_and_has_lost_the_old_one,
                rule_l3_a_renewal_keeps_the_token_and_ends_later,
                rule_l3_a_lost_lease_is_not_renewed,
                rule_l3_a_renewal_may_end_earlier,
                rule_l4_a_release_lets_another_in,
                rule_l4_what_is_anothers_is_not_released,
                rule_l5_a_lease_that_is_not_renewed_ends,
                rule_l5_nobody_is_needed_to_end_a_lease,
                rule_l6_names_and_owners_are_told_apart_by_all_their_bytes,
                rule_l6_the_list_has_what_is_held_sorted_by_bytes,
            }
            parking: Failures {
                rule_f1_the_token_grows_with_every_claim,
                rule_f2_only_the_last_who_claimed_changes_anything,
                rule_f2_of_many_who_claim_one_may_park,
                rule_f3_everything_is_given_back_as_it_was_parked,
                rule_f3_parking_again_changes_nothing,
                rule_f4_what_is_too_much_is_refused,
                rule_f5_a_note_counts_and_replaces_the_errors,
                rule_f6_removing_forgets_one_event,
                rule_f7_events_are_listed_in_order_after_a_place_and_by_key,
                rule_f7_keys_are_listed_once_sorted_by_bytes_with_their_first,
                rule_f7_processors_are_told_apart_by_their_whole_names,
            }
            transacting: Transactions {
                rule_t1_what_is_saved_in_a_transaction_is_there_when_it_has_been_committed,
                rule_t1_a_transaction_that_is_not_committed_leaves_nothing,
                rule_t1_a_checkpoint_that_is_refused_takes_the_others_back,
                rule_t2_a_transaction_replaces_only_what_it_expects,
                rule_t2_of_many_transactions_that_expect_the_same_one_succeeds,
                rule_t2_of_many_who_save_in_and_beside_transactions_one_succeeds,
            }
            handles: SecondHandle {
                rule_11_what_one_handle_appends_the_other_reads_and_back,
                rule_03_a_conflict_is_seen_across_handles,
                rule_03_of_many_on_two_handles_that_expect_one_version_one_wins,
                rule_16_what_one_handle_sent_the_other_may_send_again,
                rule_23_a_reader_on_one_handle_is_woken_by_the_other,
                rule_26_a_checkpoint_is_the_same_on_both_handles,
                rule_27_what_the_other_handle_saved_is_expected,
                rule_s1_a_snapshot_is_the_same_on_both_handles,
                rule_m1_a_read_model_is_the_same_on_both_handles,
                rule_m3_what_the_other_handle_committed_is_expected,
                rule_l1_a_lease_is_held_against_the_other_handle,
                rule_f2_a_claim_on_one_handle_ends_that_on_the_other,
            }
            handles: Durable {
                rule_06_everything_is_there_after_a_restart,
                rule_03_expectations_and_versions_go_on_after_a_restart,
                rule_16_what_was_sent_before_a_restart_has_its_first_outcome,
                rule_26_checkpoints_are_there_after_a_restart,
                rule_s1_snapshots_are_there_after_a_restart,
                rule_m1_read_models_are_there_after_a_restart,
                rule_l2_leases_and_tokens_are_there_after_a_restart,
                rule_f3_what_is_parked_is_there_after_a_restart,
                rule_30_several_streams_are_there_after_a_restart,
            }
        }
    };
}
