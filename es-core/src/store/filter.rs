//! Which events a read selects, by the category of their stream and by their stored name.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::event::Event;
use crate::event_set::EventSet;
use crate::model::EventModel;
use crate::name::EventName;
use crate::stream::StreamId;

/// Which events a read selects: those of some categories, those with some stored names, or both.
///
/// Without categories, events of every category are selected; without names, those with every name.
/// Once some are given, an event must have one of them, whole and in the same letters, and an empty list selects
/// nothing.
/// A filter made from event types also selects what was stored under their former names.
///
/// The filter that selects everything takes no memory, and cloning another copies two pointers.
///
/// ```
/// # use es_core::{Event, EventName, StreamId};
/// # use serde::{Deserialize, Serialize};
/// use es_core::store::EventFilter;
///
/// #[derive(Debug, Serialize, Deserialize, Event)]
/// #[event(name = "money-deposited", alias = "deposit-made")]
/// pub struct MoneyDeposited { pub amount: u64 }
///
/// let deposits = EventFilter::all().category("account").event::<MoneyDeposited>();
/// let (account, loan) = (StreamId::new("account", "ada")?, StreamId::new("loan", "ada")?);
/// let (today, before) = (EventName::from_static("money-deposited"), EventName::from_static("deposit-made"));
/// assert!(deposits.selects(&account, &today) && deposits.selects(&account, &before));
/// assert!(!deposits.selects(&loan, &today));
/// assert!(!deposits.selects(&account, &EventName::from_static("account-opened")));
/// # Ok::<(), es_core::InvalidStreamId>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    categories: Option<Arc<BTreeSet<String>>>,
    names: Option<Arc<BTreeSet<String>>>,
}

impl EventFilter {
    /// Every event.
    pub const fn all() -> Self {
        Self { categories: None, names: None }
    }

    /// The events that are read as those of a set: under their names, their former names, and as those that are split.
    ///
    /// Retired events are not selected, because they are read as nothing.
    ///
    /// ```
    /// # use es_core::{Event, EventSet};
    /// # #[derive(Debug, serde::Serialize, serde::Deserialize, Event)]
    /// # #[event(name = "light-switched-on", alias = "light-on")]
    /// # pub struct SwitchedOn;
    /// use es_core::store::EventFilter;
    ///
    /// #[derive(Debug, EventSet)]
    /// pub enum LightEvent { On(SwitchedOn) }
    ///
    /// let filter = EventFilter::of::<LightEvent>();
    /// assert_eq!(filter, EventFilter::all().names(["light-on", "light-switched-on"]));
    /// ```
    pub fn of<E: EventSet>() -> Self {
        Self::all().models(E::EVENTS).models(E::SPLIT)
    }

    /// Also the events of this category.
    #[must_use]
    pub fn category(self, category: impl Into<String>) -> Self {
        self.categories([category])
    }

    /// Also the events of these categories.
    #[must_use]
    pub fn categories<T: Into<String>>(mut self, categories: impl IntoIterator<Item = T>) -> Self {
        add(&mut self.categories, categories);
        self
    }

    /// Also the events that are stored under these names.
    #[must_use]
    pub fn names<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        add(&mut self.names, names);
        self
    }

    /// Also the events of a type, under its name and its former names.
    #[must_use]
    pub fn event<E: Event>(self) -> Self {
        self.names([E::NAME]).names(E::ALIASES.iter().copied())
    }

    /// Also the events of these models, under their names and their former names.
    #[must_use]
    pub fn models(self, models: &[EventModel]) -> Self {
        self.names(models.iter().flat_map(|model| model.aliases.iter().copied().chain([model.name])))
    }

    /// The same filter for all names.
    #[must_use]
    pub fn with_any_name(self) -> Self {
        Self { names: None, ..self }
    }

    /// Whether it selects every event.
    pub const fn is_all(&self) -> bool {
        self.categories.is_none() && self.names.is_none()
    }

    /// Whether it selects an event of `stream` that is called `name`.
    pub fn selects(&self, stream: &StreamId, name: &EventName) -> bool {
        self.selects_stream(stream) && self.names.as_ref().is_none_or(|names| names.contains(name.as_str()))
    }

    /// Whether it can select events of `stream`.
    pub fn selects_stream(&self, stream: &StreamId) -> bool {
        self.categories.as_ref().is_none_or(|categories| categories.contains(stream.category()))
    }

    /// The categories that it selects, each once and sorted; `None` for all.
    pub fn selected_categories(&self) -> Option<impl ExactSizeIterator<Item = &str>> {
        self.categories.as_ref().map(|categories| categories.iter().map(String::as_str))
    }

    /// The stored names that it selects, each once and sorted; `None` for all.
    pub fn selected_names(&self) -> Option<impl ExactSizeIterator<Item = &str>> {
        self.names.as_ref().map(|names| names.iter().map(String::as_str))
    }
}

fn add<T: Into<String>>(to: &mut Option<Arc<BTreeSet<String>>>, more: impl IntoIterator<Item = T>) {
    Arc::make_mut(to.get_or_insert_default()).extend(more.into_iter().map(Into::into));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_add_up_and_an_empty_one_selects_nothing() {
        let (account, name) = (StreamId::new("account", 1).unwrap(), EventName::from_static("opened"));
        assert!(EventFilter::all().selects(&account, &name));
        assert!(EventFilter::all().category("loan").category("account").selects(&account, &name));
        assert!(EventFilter::all().names(["closed"]).names(["opened"]).selects(&account, &name));
        assert!(!EventFilter::all().names(["opene", "opened-", "Opened"]).selects(&account, &name));
        assert!(!EventFilter::all().categories(["accoun", "account-", ""]).selects(&account, &name));
        assert!(!EventFilter::all().names(Vec::<String>::new()).selects(&account, &name));
        assert!(!EventFilter::all().categories(Vec::<String>::new()).selects(&account, &name));
        assert!(!EventFilter::all().names(Vec::<String>::new()).is_all());
    }

    #[test]
    fn what_is_selected_is_listed_once_and_sorted() {
        let filter = EventFilter::all().names(["b", "a", "b"]).category("loan");
        assert_eq!(filter.selected_names().unwrap().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(filter.selected_categories().unwrap().collect::<Vec<_>>(), ["loan"]);
        assert!(filter.with_any_name().selected_names().is_none());
    }
}
