//! The conformance suite: what every backend must do. A backend names [`for_every_case`] and a macro that makes
//! a test of each.

pub mod accounts;
pub mod activation;
pub mod cases;
pub mod changes;
pub mod decisions;
pub mod devices;
pub mod figures;
pub mod journal;
pub mod outbox;
pub mod overview;
pub mod pauses;
pub mod quotas;
pub mod shadow;
pub mod spends;

macro_rules! for_every_case {
    ($backend:ident) => {
        $backend! {
            accounts::an_account_is_what_was_put_on_file,
            accounts::an_account_is_put_on_file_once,
            accounts::what_is_not_on_file_cannot_be_changed,
            accounts::a_removed_account_leaves_nothing_but_cases_and_journal,
            accounts::accounts_are_listed_by_filter_and_page,
            accounts::accounts_are_listed_from_one_on,
            accounts::the_record_counts_what_happened_lately,
            accounts::the_record_counts_consecutive_failures_of_each_factor,
            accounts::failures_of_unknown_accounts_are_counted_alike,
            activation::the_last_activation_is_in_force,
            activation::what_is_found_is_remembered_with_the_version_in_force,
            activation::only_what_is_on_file_comes_into_force,
            activation::a_pending_version_collects_approvals_and_brings_them_into_force,
            activation::nobody_approves_twice_or_what_is_not_pending,
            activation::a_newer_proposal_voids_the_approvals_of_the_last,
            activation::a_pending_version_and_its_approvals_outlive_a_restart,
            activation::an_undone_approval_does_not_count,
            activation::of_racing_approvals_by_one_person_one_counts,
            cases::a_case_is_what_was_written,
            cases::a_case_is_inserted_once,
            cases::an_update_from_an_old_revision_is_stale,
            cases::of_racing_updates_one_wins,
            cases::cases_are_due_by_deadline,
            cases::cases_are_listed_by_filter_and_page,
            cases::account_and_opening_never_change,
            changes::a_change_happens_whole_or_not_at_all,
            changes::one_failing_change_sinks_no_other,
            changes::writes_of_one_change_see_each_other,
            changes::a_change_of_the_largest_size_is_taken_and_no_larger,
            changes::every_part_has_a_largest_size,
            changes::a_restart_keeps_everything,
            changes::an_empty_store_is_empty,
            decisions::decisions_are_logged_in_order,
            decisions::a_policy_is_kept_once_and_never_changes,
            devices::a_device_is_what_was_added,
            devices::a_device_needs_its_account_and_a_new_id,
            devices::a_device_that_is_not_there_cannot_be_changed,
            devices::drift_never_takes_the_step_back,
            figures::an_empty_store_has_nothing_going_on,
            figures::what_is_going_on_is_counted_and_what_has_ended_is_not,
            journal::entries_come_back_in_order_with_actor_and_time,
            journal::a_change_says_which_entries_it_made,
            journal::the_journal_is_read_from_a_time_and_a_number_on,
            journal::an_undone_change_leaves_no_gap,
            journal::a_whole_journal_verifies,
            journal::one_read_returns_a_page_at_most,
            outbox::a_delivery_goes_from_queued_to_taken_to_done,
            outbox::a_delivery_is_queued_once_ever,
            outbox::a_delivery_that_is_not_queued_cannot_be_taken_or_cancelled,
            outbox::a_taken_delivery_goes_back_and_counts_its_attempts,
            outbox::deliveries_are_due_by_time,
            outbox::of_racing_takers_one_has_it,
            outbox::a_taken_delivery_is_found_after_a_restart,
            overview::an_overview_tells_what_waits_and_where_the_journal_ends,
            pauses::a_channel_is_paused_once_until_it_is_resumed,
            pauses::a_pause_outlives_a_restart,
            quotas::a_limit_is_taken_and_not_passed_and_comes_back,
            quotas::what_is_forgotten_counts_no_more_and_nothing_else_is_forgotten,
            quotas::a_limit_outlives_a_restart,
            quotas::scopes_and_subjects_are_counted_apart,
            quotas::a_refused_charge_undoes_its_change_and_is_not_counted,
            quotas::an_undone_change_is_not_charged,
            quotas::of_racing_charges_only_so_many_are_taken,
            shadow::a_shadow_is_started_counted_and_stopped,
            shadow::differences_come_back_in_order_and_the_oldest_go,
            shadow::the_next_shadow_begins_anew,
            shadow::a_shadow_outlives_a_restart,
            spends::a_token_works_once_and_in_time,
            spends::a_pass_works_once_and_in_time_and_for_its_account,
            spends::a_recovery_code_works_once_and_for_its_account,
            spends::new_recovery_codes_void_the_old_ones,
            spends::a_time_step_is_taken_once_and_only_forward,
            spends::a_spend_that_was_undone_can_be_made,
            spends::what_a_spend_needs_must_be_there,
            spends::of_64_racing_spends_one_is_taken,
        }
    };
}
