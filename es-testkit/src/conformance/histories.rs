//! Random histories against a model that is nothing but lists, and against what one stream can have done in some order.

mod linear;
mod model;
mod random;

pub(super) use self::linear::rule_03_appends_and_reads_of_one_stream_are_linearizable;
pub(super) use self::model::rule_03_random_histories_agree_with_a_list;
