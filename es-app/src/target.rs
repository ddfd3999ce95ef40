//! What names an aggregate in `execute` and `load`, without its type being said.

use std::borrow::Borrow;
use std::fmt::Display;
use std::future::Future;

use es_core::{Aggregate, CommandOptions, ExecuteError, Executed, HandledBy, LoadError, Loaded, Repository};

use crate::application::AppStore;

/// A reference to the id of an aggregate, or to what its id can be borrowed as.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a `{A}`",
    label = "not a reference to the `id` of the aggregate"
)]
pub trait IdFor<A: Aggregate>: Send {
    /// Executes a command on the aggregate of this id.
    #[doc(hidden)]
    fn execute<M: HandledBy<A> + Clone + Send>(
        self,
        repository: &Repository<A, AppStore>,
        command: M,
        options: CommandOptions,
    ) -> impl Future<Output = Result<Executed<A::Event>, ExecuteError<A::Error>>> + Send;

    /// Loads the aggregate of this id.
    #[doc(hidden)]
    fn load(self, repository: &Repository<A, AppStore>) -> impl Future<Output = Result<Loaded<A>, LoadError>> + Send;
}

impl<A: Aggregate, K: Display + Sync + ?Sized> IdFor<A> for &K
where
    A::Id: Borrow<K>,
{
    async fn execute<M: HandledBy<A> + Clone + Send>(
        self,
        repository: &Repository<A, AppStore>,
        command: M,
        options: CommandOptions,
    ) -> Result<Executed<A::Event>, ExecuteError<A::Error>> {
        repository.execute_with(self, command, options).await
    }

    async fn load(self, repository: &Repository<A, AppStore>) -> Result<Loaded<A>, LoadError> {
        repository.load(self).await
    }
}
