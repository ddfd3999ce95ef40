//! Mutants whose transactions are none.

use crate::fault::{Fault, Transacting};
use crate::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case::<SavesAtOnce>(
            "what is saved in a transaction stays when that is rolled back",
            &[
                "rule_t1_a_transaction_that_is_not_committed_leaves_nothing",
                "rule_t1_a_checkpoint_that_is_refused_takes_the_others_back",
            ],
        ),
        case::<ForgetsTheLast>(
            "the last of what is saved in a transaction is not committed",
            &["rule_t1_what_is_saved_in_a_transaction_is_there_when_it_has_been_committed"],
        ),
        case::<ExpectsNothing>(
            "a transaction does not look at what is expected of a checkpoint",
            &[
                "rule_t2_a_transaction_replaces_only_what_it_expects",
                "rule_t2_of_many_who_save_in_and_beside_transactions_one_succeeds",
            ],
        ),
        case::<HoldsNobody>(
            "others change a checkpoint while a transaction has it",
            &["rule_t2_of_many_transactions_that_expect_the_same_one_succeeds"],
        ),
    ]
}

macro_rules! fault {
    ($($name:ident),*) => {
        $(
            #[derive(Default)]
            struct $name;
            impl Fault for $name {
                fn transacting(&self) -> Transacting {
                    Transacting::$name
                }
            }
        )*
    };
}

fault!(SavesAtOnce, ForgetsTheLast, ExpectsNothing, HoldsNobody);
