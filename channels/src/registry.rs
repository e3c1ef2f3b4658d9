//! The one list of channels.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use tributary_domain::{
    entity::channel,
    spec::{Capabilities, ChannelKind, ChannelSpec},
};

use crate::{byoc, channel::Channel, digital_chat, email, specs};

/// The adapters of this server, by kind.
#[derive(Clone)]
pub struct Registry(Arc<BTreeMap<ChannelKind, Arc<dyn Channel>>>);

impl Registry {
    /// All adapters.
    #[must_use]
    pub fn new() -> Self {
        let adapters: [Arc<dyn Channel>; 3] =
            [Arc::new(digital_chat::DigitalChat), Arc::new(email::Email::default()), Arc::new(byoc::Byoc::default())];
        Self::with(adapters)
    }

    /// These adapters and no others; of two for the same kind the later one counts.
    pub fn with(adapters: impl IntoIterator<Item = Arc<dyn Channel>>) -> Self {
        Self(Arc::new(adapters.into_iter().map(|adapter| (adapter.spec().kind, adapter)).collect()))
    }

    /// The adapter of a kind; `None` while there is none.
    #[must_use]
    pub fn get(&self, kind: ChannelKind) -> Option<&Arc<dyn Channel>> {
        self.0.get(&kind)
    }

    /// What a kind can do, whether there is an adapter or not.
    #[must_use]
    pub fn spec(&self, kind: ChannelKind) -> &'static ChannelSpec {
        specs::spec(kind)
    }

    /// What one channel can do: as its kind, except where its settings decide.
    #[must_use]
    pub fn capabilities(&self, channel: &channel::Model) -> Cow<'static, Capabilities> {
        match self.get(channel.kind) {
            Some(adapter) => adapter.capabilities(&channel.settings),
            None => Cow::Borrowed(&self.spec(channel.kind).capabilities),
        }
    }

    /// The adapters, in the order of their kinds.
    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn Channel>> {
        self.0.values()
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}
