//! The order to transfer money: what a customer asked for, and what became of it.

use es_core::{Aggregate, Apply, Command, Event};
use serde::{Deserialize, Serialize};

/// A customer asked for a transfer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "transfer-ordered")]
pub struct TransferOrdered {
    pub from: String,
    pub to: String,
    pub amount: u64,
}

/// The money has arrived.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "transfer-completed")]
pub struct TransferCompleted {}

/// The money is where it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "transfer-failed")]
pub struct TransferFailed {
    pub because: String,
}

/// An order to transfer money.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Aggregate)]
#[aggregate(
    name = "order", id = String, error = OrderError,
    events(TransferOrdered, TransferCompleted, TransferFailed),
    commands(OrderTransfer, CompleteTransfer, FailTransfer),
)]
pub struct Order {
    pub status: Status,
}

/// What has become of an order.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub enum Status {
    #[default]
    Unknown,
    Open,
    Completed,
    Failed {
        because: String,
    },
}

impl Apply<TransferOrdered> for Order {
    fn apply(&mut self, _: TransferOrdered) {
        self.status = Status::Open;
    }
}

impl Apply<TransferCompleted> for Order {
    fn apply(&mut self, _: TransferCompleted) {
        self.status = Status::Completed;
    }
}

impl Apply<TransferFailed> for Order {
    fn apply(&mut self, event: TransferFailed) {
        self.status = Status::Failed { because: event.because };
    }
}

/// Asks for a transfer.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(create, emits = TransferOrdered)]
#[require(command.amount > 0, OrderError::NotPositive)]
#[require(command.from != command.to, OrderError::ToItself)]
pub struct OrderTransfer {
    pub from: String,
    pub to: String,
    pub amount: u64,
}

/// Notes that the money has arrived.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Order, emits = TransferCompleted)]
#[require(state.status == Status::Open, OrderError::NotOpen)]
pub struct CompleteTransfer {}

/// Notes that the money is where it was.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Order, emits = TransferFailed)]
#[require(state.status == Status::Open, OrderError::NotOpen)]
pub struct FailTransfer {
    pub because: String,
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum OrderError {
    #[error("the amount must be positive")]
    NotPositive,
    #[error("money is transferred to another account")]
    ToItself,
    #[error("the order is not open")]
    NotOpen,
}

#[cfg(test)]
mod tests {
    use super::*;
    use es_testkit::{given, given_nothing, verify};

    verify!(Order);

    fn ordered() -> OrderEvent {
        TransferOrdered { from: "ada".into(), to: "bob".into(), amount: 40 }.into()
    }

    #[test]
    fn an_order_is_placed_for_money_that_moves() {
        let order = |to: &str, amount| OrderTransfer { from: "ada".into(), to: to.into(), amount };
        given_nothing::<Order>().when(order("bob", 40)).then([ordered()]);
        given_nothing::<Order>().when(order("bob", 0)).then_error(OrderError::NotPositive);
        given_nothing::<Order>().when(order("ada", 40)).then_error(OrderError::ToItself);
    }

    #[test]
    fn an_order_ends_once() {
        given([ordered()]).when(CompleteTransfer {}).then([TransferCompleted {}.into()]);
        given([ordered(), TransferCompleted {}.into()])
            .when(FailTransfer { because: "late".into() })
            .then_error(OrderError::NotOpen);
    }
}
