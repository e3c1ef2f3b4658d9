//! Who does something, and every rule about what they may do.
//!
//! An [`Actor`] is made once per request or socket from the database (see [`crate::agent`]) and holds all that the
//! rules need, so that a rule never reads. When rights change, an event in the log says so and the actor is made anew.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::{Deserialize, Serialize};

pub use crate::entity::person::Role;
use crate::{
    error::{Error, Result},
    event::ActorRef,
    ids::{ApiClientId, ContactId, InboxId, PersonId, ScriptId, WorkspaceId},
};

/// What the token of an API client or bot allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Scope {
    /// Read interactions, messages and contacts.
    ReadInteractions,
    /// Send messages and write notes.
    SendMessages,
    /// Assign, resolve, tag, move.
    ManageInteractions,
    /// Create, change and merge contacts.
    ManageContacts,
    /// Set up channels.
    ManageChannels,
    /// Set up everything else.
    ManageWorkspace,
    /// Follow the event log.
    ReadEvents,
}

/// Who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A person who signed in.
    Person {
        /// Which one.
        id: PersonId,
        /// Name to show.
        name: String,
    },
    /// An API client.
    ApiClient {
        /// Which one.
        id: ApiClientId,
        /// Name to show.
        name: String,
        /// Whether it is a bot: its messages are marked as written by a machine.
        is_bot: bool,
    },
    /// The contact, through our own chat.
    Contact(ContactId),
    /// A script.
    Script(ScriptId),
    /// The server itself: workers, imports.
    System,
    /// Whoever has these rights, when one answer is made for several.
    Anyone(Anyone),
}

/// Stands for several whose rights are equal, so that what depends on rights alone is answered once for all of them.
///
/// What depends on who it is cannot be answered so: it gets the answer that fits nobody, and [`Anyone::was_asked`] tells.
#[derive(Debug, Clone)]
pub struct Anyone {
    is_person: bool,
    was_asked: Arc<AtomicBool>,
}

impl Anyone {
    /// Whether a rule or a field asked who exactly it is: then what it answered holds for nobody.
    #[must_use]
    pub fn was_asked(&self) -> bool {
        self.was_asked.load(Ordering::Relaxed)
    }

    fn note_question(&self) {
        self.was_asked.store(true, Ordering::Relaxed);
    }
}

impl PartialEq for Anyone {
    fn eq(&self, other: &Self) -> bool {
        self.is_person == other.is_person
    }
}

impl Eq for Anyone {}

/// What of an actor decides an answer that does not depend on who it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rights {
    workspace: WorkspaceId,
    role: Role,
    scopes: Option<BTreeSet<Scope>>,
    inboxes: VisibleInboxes,
    is_machine: bool,
    is_automatic: bool,
}

/// Which inboxes are seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VisibleInboxes {
    /// All of the workspace.
    All,
    /// Only these.
    Only(BTreeSet<InboxId>),
}

impl VisibleInboxes {
    /// Whether this inbox is among them.
    #[must_use]
    pub fn contains(&self, inbox: InboxId) -> bool {
        match self {
            Self::All => true,
            Self::Only(inboxes) => inboxes.contains(&inbox),
        }
    }
}

/// Someone who acts, within one workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The tenant. No other is ever read or written in this actor's name.
    pub workspace: WorkspaceId,
    /// Who it is.
    pub identity: Identity,
    /// Rank.
    pub role: Role,
    /// Limits of a token; `None`: everything the role allows.
    pub scopes: Option<BTreeSet<Scope>>,
    /// Which interactions are seen.
    pub inboxes: VisibleInboxes,
}

impl Actor {
    /// The server itself, acting in a workspace.
    #[must_use]
    pub fn system(workspace: WorkspaceId) -> Self {
        Self { workspace, identity: Identity::System, role: Role::Admin, scopes: None, inboxes: VisibleInboxes::All }
    }

    /// The rights without the name.
    #[must_use]
    pub fn rights(&self) -> Rights {
        Rights {
            workspace: self.workspace,
            role: self.role,
            scopes: self.scopes.clone(),
            inboxes: self.inboxes.clone(),
            is_machine: self.is_machine(),
            is_automatic: self.is_automatic(),
        }
    }

    /// Whoever has the rights of this actor; `None` for one that is never one of several, such as a bot.
    #[must_use]
    pub fn anyone(&self) -> Option<(Self, Anyone)> {
        if self.is_automatic() {
            return None;
        }
        let anyone = Anyone { is_person: !self.is_machine(), was_asked: Arc::default() };
        Some((Self { identity: Identity::Anyone(anyone.clone()), ..self.clone() }, anyone))
    }

    /// The person, if it is one.
    #[must_use]
    pub fn person(&self) -> Option<PersonId> {
        match &self.identity {
            Identity::Person { id, .. } => Some(*id),
            Identity::Anyone(anyone) => {
                anyone.note_question();
                None
            }
            _ => None,
        }
    }

    /// The person whose own things are seen beside those of all. May be asked of [`Anyone`], who has none.
    #[must_use]
    pub fn owner(&self) -> Option<PersonId> {
        match self.identity {
            Identity::Person { id, .. } => Some(id),
            _ => None,
        }
    }

    /// Whether it is this person. May be asked of [`Anyone`], who is nobody in particular.
    #[must_use]
    pub fn is(&self, person: PersonId) -> bool {
        self.owner() == Some(person)
    }

    /// Whether a machine writes in this actor's name.
    #[must_use]
    pub fn is_machine(&self) -> bool {
        match &self.identity {
            Identity::Person { .. } | Identity::Contact(_) => false,
            Identity::Anyone(anyone) => !anyone.is_person,
            Identity::ApiClient { .. } | Identity::Script(_) | Identity::System => true,
        }
    }

    /// Whether nobody looks at what this actor writes before it is sent: a bot, a script or the server. A program for people
    /// that is built on the API is none of them.
    #[must_use]
    pub fn is_automatic(&self) -> bool {
        matches!(self.identity, Identity::ApiClient { is_bot: true, .. } | Identity::Script(_) | Identity::System)
    }

    /// As the log, the audit trail and idempotency keep it.
    #[must_use]
    pub fn reference(&self) -> ActorRef {
        match &self.identity {
            Identity::Person { id, .. } => ActorRef::Person(*id),
            Identity::ApiClient { id, .. } => ActorRef::ApiClient(*id),
            Identity::Contact(id) => ActorRef::Contact(*id),
            Identity::Script(id) => ActorRef::Script(*id),
            Identity::System => ActorRef::System,
            Identity::Anyone(anyone) => {
                anyone.note_question();
                ActorRef::System
            }
        }
    }

    fn has(&self, scope: Scope) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.contains(&scope))
    }

    /// Refuses tokens without `scope`.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn must_have(&self, scope: Scope) -> Result<()> {
        if self.has(scope) { Ok(()) } else { Err(Error::Forbidden("the token lacks the scope")) }
    }

    /// Whether interactions of this inbox may be seen.
    #[must_use]
    pub fn may_see_inbox(&self, inbox: InboxId) -> bool {
        self.has(Scope::ReadInteractions) && self.inboxes.contains(inbox)
    }

    /// Refuses to know interactions of an inbox that may not be seen.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn must_see_inbox(&self, inbox: InboxId, what: &'static str) -> Result<()> {
        if self.may_see_inbox(inbox) { Ok(()) } else { Err(Error::NotFound(what)) }
    }

    /// Whether messages and notes may be written where interactions may be seen.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn must_send(&self) -> Result<()> {
        self.must_have(Scope::SendMessages)
    }

    /// Whether interactions may be assigned, resolved, tagged and moved.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn must_manage_interactions(&self) -> Result<()> {
        self.must_have(Scope::ManageInteractions)
    }

    /// Whether contacts may be changed.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn must_manage_contacts(&self) -> Result<()> {
        self.must_have(Scope::ManageContacts)
    }

    /// Whether channels and dead letters may be managed: admins only.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn must_manage_channels(&self) -> Result<()> {
        self.must_be(Role::Admin, Scope::ManageChannels)
    }

    /// Whether people, teams, skills, scripts and inboxes may be managed: admins only.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn must_manage_workspace(&self) -> Result<()> {
        self.must_be(Role::Admin, Scope::ManageWorkspace)
    }

    /// Whether shared views and tags may be managed: supervisors and admins.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn must_supervise(&self) -> Result<()> {
        self.must_be(Role::Supervisor, Scope::ManageWorkspace)
    }

    /// Whether it may be watched how everybody's work stands: supervisors and admins.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn must_watch_work(&self) -> Result<()> {
        self.must_be(Role::Supervisor, Scope::ReadEvents)
    }

    /// Whether the event log may be followed.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn must_read_events(&self) -> Result<()> {
        self.must_have(Scope::ReadEvents)
    }

    fn must_be(&self, role: Role, scope: Scope) -> Result<()> {
        if self.role < role {
            return Err(Error::Forbidden("the role does not allow it"));
        }
        self.must_have(scope)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Actor, Identity, Role, Scope, VisibleInboxes};
    use crate::{ErrorCode, ids::InboxId};

    fn agent() -> Actor {
        Actor {
            identity: Identity::Person { id: Uuid::from_u128(2).into(), name: "Ada".into() },
            role: Role::Agent,
            inboxes: VisibleInboxes::Only([InboxId::from(Uuid::from_u128(7))].into()),
            ..Actor::system(Uuid::from_u128(1).into())
        }
    }

    #[test]
    fn an_unseen_inbox_does_not_exist() {
        let error = agent().must_see_inbox(Uuid::from_u128(8).into(), "interaction").unwrap_err();
        assert_eq!(error.code(), ErrorCode::NotFound);
        assert!(agent().must_see_inbox(Uuid::from_u128(7).into(), "interaction").is_ok());
    }

    #[test]
    fn a_desktop_on_the_api_is_a_machine_that_does_not_write_by_itself() {
        let client =
            |is_bot| Actor { identity: Identity::ApiClient { id: Uuid::from_u128(3).into(), name: "Desk".into(), is_bot }, ..agent() };
        let cases = [(agent(), false, false), (client(false), true, false), (client(true), true, true)];
        for (actor, is_machine, is_automatic) in cases {
            assert_eq!((actor.is_machine(), actor.is_automatic()), (is_machine, is_automatic), "{:?}", actor.identity);
        }
        assert!(Actor::system(Uuid::from_u128(1).into()).is_automatic());
    }

    #[test]
    fn anyone_has_the_rights_and_notes_who_asks_for_a_name() {
        let (anyone, name) = agent().anyone().unwrap();
        assert_eq!(anyone.rights(), agent().rights());
        assert!(!anyone.is(Uuid::from_u128(2).into()) && !anyone.is_machine() && !name.was_asked());
        assert_eq!(anyone.person(), None);
        assert!(name.was_asked());
        let (anyone, name) = agent().anyone().unwrap();
        assert!(!name.was_asked(), "each is asked for itself");
        assert_eq!(anyone.reference(), crate::event::ActorRef::System);
        assert!(name.was_asked());
    }

    #[test]
    fn roles_and_scopes_both_count() {
        assert_eq!(agent().must_manage_channels().unwrap_err().code(), ErrorCode::Forbidden);
        let admin = Actor { role: Role::Admin, ..agent() };
        assert!(admin.must_manage_channels().is_ok());
        let narrow = Actor { scopes: Some([Scope::ReadEvents].into()), ..admin };
        assert_eq!(narrow.must_manage_channels().unwrap_err().code(), ErrorCode::Forbidden);
        assert!(narrow.must_watch_work().is_ok());
        assert_eq!(agent().must_watch_work().unwrap_err().code(), ErrorCode::Forbidden);
        assert!(!narrow.may_see_inbox(Uuid::from_u128(7).into()));
    }
}
