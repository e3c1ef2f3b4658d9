//! Identifiers: one type per entity, time-sortable, printed with a prefix (`int_0198…`).
//!
//! Platform ids are types of their own ([`ExternalMessageId`], [`ExternalUserId`], [`ExternalThreadId`]): only an
//! adapter makes them and only an adapter looks into them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// A text that is not an id of the expected type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {expected} id")]
pub struct InvalidId {
    /// The prefix that was expected.
    pub expected: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sea_orm::DeriveValueType)]
            pub struct $name(Uuid);

            impl $name {
                /// What the printed form begins with.
                pub const PREFIX: &'static str = $prefix;

                /// The id as stored.
                #[must_use]
                pub const fn uuid(self) -> Uuid {
                    self.0
                }
            }

            impl From<Uuid> for $name {
                fn from(uuid: Uuid) -> Self {
                    Self(uuid)
                }
            }

            impl From<$name> for Uuid {
                fn from(id: $name) -> Self {
                    id.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{}_{}", $prefix, self.0.simple())
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    fmt::Display::fmt(self, f)
                }
            }

            impl FromStr for $name {
                type Err = InvalidId;

                fn from_str(text: &str) -> Result<Self, InvalidId> {
                    text.strip_prefix($prefix)
                        .and_then(|rest| rest.strip_prefix('_'))
                        .filter(|rest| rest.len() == 32)
                        .and_then(|rest| Uuid::try_parse(rest).ok())
                        .map(Self)
                        .ok_or(InvalidId { expected: $prefix })
                }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
                }
            }

            impl sea_orm::TryFromU64 for $name {
                fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                    Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
                }
            }
        )*
    };
}

ids! {
    /// A tenant.
    WorkspaceId = "wsp";
    /// An agent, supervisor or admin.
    PersonId = "per";
    /// A signed-in browser: one family of refresh tokens.
    SessionId = "ses";
    /// A team of people.
    TeamId = "tea";
    /// An API client or a bot.
    ApiClientId = "api";
    /// A skill.
    SkillId = "skl";
    /// A script.
    ScriptId = "scr";
    /// A configured connection to a platform.
    ChannelId = "chn";
    /// A person who writes to us.
    ContactId = "con";
    /// One address of a contact on one channel.
    IdentityId = "idn";
    /// One merge of two contacts.
    MergeId = "mrg";
    /// A place where interactions appear.
    InboxId = "inb";
    /// A saved filter over inboxes.
    ViewId = "viw";
    /// A label on interactions.
    TagId = "tag";
    /// The whole conversation of a contact with us on one channel.
    InteractionId = "int";
    /// One entry of an interaction.
    MessageId = "msg";
    /// A file of a message.
    AttachmentId = "att";
    /// One piece of outbound work.
    OutboundId = "out";
    /// One raw inbound request.
    RawInboundId = "raw";
    /// An item that could not be processed.
    DeadLetterId = "ded";
    /// An entry of the audit trail.
    AuditId = "aud";
    /// A key that seals a workspace's secrets.
    DataKeyId = "key";
}

macro_rules! external_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sea_orm::DeriveValueType)]
            #[serde(transparent)]
            pub struct $name(pub String);

            impl $name {
                /// The platform's text.
                #[must_use]
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }

            impl From<&str> for $name {
                fn from(text: &str) -> Self {
                    Self(text.to_owned())
                }
            }

            impl From<String> for $name {
                fn from(text: String) -> Self {
                    Self(text)
                }
            }
        )*
    };
}

external_ids! {
    /// The platform's id of a message.
    ExternalMessageId;
    /// The platform's id of a person.
    ExternalUserId;
    /// The platform's id of a conversation, where it has one.
    ExternalThreadId;
}
