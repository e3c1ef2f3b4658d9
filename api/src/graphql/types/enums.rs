//! Enums that mirror the domain's, with the descriptions that clients read.

use async_graphql::Enum;
use tributary_domain::{actor, content, entity, event, inbound, inbox, interaction, message, spec, state};

/// Mirrors an enum of the domain.
macro_rules! mirror {
    ($($(#[$doc:meta])* $name:ident = $remote:path { $($(#[$value_doc:meta])* $value:ident,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, async_graphql::Enum)]
            pub enum $name {
                $($(#[$value_doc])* $value,)*
            }

            impl From<$remote> for $name {
                fn from(value: $remote) -> Self {
                    match value {
                        $(<$remote>::$value => Self::$value,)*
                    }
                }
            }

            impl From<$name> for $remote {
                fn from(value: $name) -> Self {
                    match value {
                        $($name::$value => Self::$value,)*
                    }
                }
            }
        )*
    };
}

pub(super) use mirror;

mirror! {
    /// What a person is to the workspace.
    Role = actor::Role {
        /// Answers contacts.
        Agent,
        /// Watches and steers all interactions.
        Supervisor,
        /// Also sets up channels, people and everything else.
        Admin,
    }

    /// What the token of an API client or bot allows.
    Scope = actor::Scope {
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

    /// Where an interaction stands.
    InteractionStatus = state::InteractionStatus {
        /// Nobody has taken it yet.
        New,
        /// Being worked on.
        Open,
        /// Waiting for the contact or for something outside.
        Pending,
        /// Handed to someone with more rights or knowledge.
        Escalated,
        /// Hidden until a time or until the contact writes.
        Snoozed,
        /// Answered; a new message opens it again.
        Resolved,
        /// Ended for good; a new message starts another interaction.
        Closed,
        /// Thrown away; kept until retention ends.
        Trashed,
    }

    /// How somebody was named as a recipient.
    RecipientKind = inbound::RecipientKind {
        /// It was meant for them.
        To,
        /// They got a copy.
        Cc,
    }

    /// How far an outbound message has come; it only moves forward.
    DeliveryState = state::DeliveryState {
        /// Waiting to be sent.
        Queued,
        /// Taken back before it left.
        Cancelled,
        /// Being handed to the platform.
        Sending,
        /// The platform may or may not have it; a person decides.
        Unconfirmed,
        /// The platform has it.
        Sent,
        /// The platform refused it or gave up.
        Failed,
        /// It reached the contact's device.
        Delivered,
        /// The contact has seen it.
        Read,
    }

    /// How urgent an interaction is.
    Priority = interaction::Priority {
        /// When there is time.
        Low,
        /// In turn.
        Normal,
        /// Before the others.
        High,
        /// Now.
        Urgent,
    }

    /// Whose interactions.
    Assignment = inbox::Assignment {
        /// Of the viewer.
        Mine,
        /// Of nobody.
        Unassigned,
        /// Of anybody.
        Assigned,
    }

    /// Order of a list of interactions.
    InteractionSort = inbox::InteractionSort {
        /// What moved last comes first.
        NewestActivity,
        /// Who waits longest comes first; who does not wait is left out.
        OldestWaiting,
        /// What is most urgent comes first, then what moved last.
        Priority,
    }

    /// What an entry of an interaction is.
    MessageEntry = entity::message::EntryKind {
        /// Something said between the contact and us.
        Message,
        /// Something that only we see.
        Note,
        /// What happened to the interaction.
        System,
    }

    /// Who did something.
    ActorKind = entity::message::AuthorKind {
        /// The contact.
        Contact,
        /// An agent, supervisor or admin.
        Person,
        /// An API client.
        ApiClient,
        /// A bot.
        Bot,
        /// A script.
        Script,
        /// The server.
        System,
        /// Another application on our side of the platform.
        External,
    }

    /// What became of a file.
    AttachmentState = entity::attachment::AttachmentState {
        /// Still to be fetched.
        Pending,
        /// There.
        Stored,
        /// Too large or not allowed.
        Refused,
        /// Could not be fetched.
        Failed,
        /// Taken back together with its message.
        Removed,
    }

    /// What a change does to a message.
    MessageChangeKind = message::ChangeKind {
        /// Gives it another body.
        Edit,
        /// Takes it back.
        Delete,
    }

    /// How far a change of a message has come.
    MessageChangeState = message::ChangeState {
        /// On its way to the platform.
        Pending,
        /// The platform did not carry it out: the contact sees the message as it was.
        Refused,
    }

    /// Class of a channel.
    ChannelClass = spec::ChannelClass {
        /// Public posts, comments and reviews.
        Social,
        /// Private messages.
        Messaging,
        /// Platforms on which companies work together.
        Collaboration,
        /// Our own web chat.
        Chat,
        /// E-mail.
        Email,
        /// SMS.
        Sms,
        /// Bring your own channel.
        Byoc,
    }

    /// Kinds of rich content that a channel may or may not take.
    RichKind = spec::RichKind {
        /// Adaptive Card.
        AdaptiveCard,
        /// HTML or Markdown.
        Formatted,
        /// Link card.
        RichLink,
        /// Question with one-tap answers.
        QuickReplies,
        /// List to choose from.
        ListPicker,
        /// Time slots to choose from.
        TimePicker,
        /// Form to fill in.
        Form,
        /// Files.
        Attachment,
        /// Point on the map.
        Location,
        /// Approved template.
        Template,
        /// Request to pay.
        PaymentRequest,
        /// Request for an appointment.
        AppointmentRequest,
    }

    /// How well a channel takes something.
    Support = spec::Support {
        /// Not possible or not offered.
        Refused,
        /// Goes through, but something is lost.
        Lossy,
        /// Goes out in another form with the same meaning.
        Converted,
        /// As it is.
        Native,
    }

    /// One difference between what was asked and what arrives.
    LossNote = content::LossNote {
        /// It arrives as plain text.
        AsText,
        /// Options to tap arrive as numbered lines; an answer by number is understood.
        NumberedOptions,
        /// It does not fit the channel's limits in its native form, so it arrives as text.
        TooBig,
        /// HTML became Markdown or the other way round.
        MarkupConverted,
        /// Bold, italic, headings and the like are lost; links keep their address.
        FormattingLost,
        /// Pictures inside are lost.
        ImagesLost,
        /// The files do not arrive.
        FilesLost,
        /// Files that the other side does not take so large arrive as links to download.
        FilesAsLinks,
        /// It is longer than one message and arrives in several parts.
        Split,
    }

    /// One cell of the product's tables.
    FloorCell = spec::Cell {
        /// Taken natively.
        Yes,
        /// Delivered as fallback text.
        Fallback,
        /// Not in the product's floor.
        No,
    }

    /// In what a length is counted.
    LengthUnit = spec::LengthUnit {
        /// Unicode scalar values.
        Characters,
        /// Bytes of UTF-8.
        Bytes,
        /// UTF-16 code units.
        Utf16Units,
    }

    /// Group of file types.
    MediaClass = spec::MediaClass {
        /// Pictures.
        Image,
        /// Sound.
        Audio,
        /// Moving pictures.
        Video,
        /// Anything else.
        File,
    }

    /// Kind of a violation.
    ViolationCode = content::ViolationCode {
        /// Nothing there where something must be.
        Empty,
        /// Longer than the limit.
        TooLong,
        /// More than the limit.
        TooMany,
        /// Used twice.
        Duplicate,
        /// Outside the possible values.
        OutOfRange,
        /// The channel, or this audience on it, does not have that.
        NotSupported,
        /// Not of the right form.
        Invalid,
    }

    /// What an event tells.
    EventKind = event::EventKind {
        /// A new interaction.
        InteractionOpened,
        /// Status, assignee, inbox, tags, priority or counters of an interaction.
        InteractionChanged,
        /// A message came in.
        MessageReceived,
        /// A message was accepted for sending.
        MessageQueued,
        /// Body, attachments or reactions of a message.
        MessageChanged,
        /// A message of ours came further or failed.
        DeliveryChanged,
        /// An internal note.
        NoteAdded,
        /// A line about something that happened in the interaction.
        SystemLineAdded,
        /// The viewer has read or unread an interaction.
        ReadChanged,
        /// A new contact.
        ContactCreated,
        /// A contact's data or identities.
        ContactChanged,
        /// Two contacts became one; the event is about the one that remains.
        ContactsMerged,
        /// A merge was undone.
        ContactsUnmerged,
        /// A channel was set up, changed or removed.
        ChannelChanged,
        /// A channel's health.
        ChannelHealthChanged,
        /// A person was added, changed or removed.
        PersonChanged,
        /// A session was revoked.
        SessionRevoked,
        /// A team or its members.
        TeamChanged,
        /// An API client.
        ApiClientChanged,
        /// A skill.
        SkillChanged,
        /// A script.
        ScriptChanged,
        /// An inbox.
        InboxChanged,
        /// A saved view.
        ViewChanged,
        /// A tag.
        TagChanged,
        /// A dead letter was added or resolved.
        DeadLetterChanged,
        /// The workspace's settings.
        SettingsChanged,
    }
}

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum Direction {
    /// From the contact to us.
    Inbound,
    /// From us to the contact.
    Outbound,
}

impl From<entity::message::Direction> for Direction {
    fn from(direction: entity::message::Direction) -> Self {
        match direction {
            entity::message::Direction::In => Self::Inbound,
            entity::message::Direction::Out => Self::Outbound,
        }
    }
}

/// How a channel is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum ChannelHealthState {
    /// Never checked.
    Unknown,
    /// Set up, nothing heard yet.
    WaitingForFirstEvent,
    /// Works.
    Ok,
    /// Works, with errors.
    Degraded,
    /// The platform refuses our credentials; what is queued waits.
    NeedsSignIn,
    /// Does not work.
    Down,
    /// Switched off by an administrator.
    Disabled,
}

/// Why a channel is not well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
#[graphql(remote = "entity::channel::HealthCause")]
pub enum ChannelHealthCause {
    /// The other side says so.
    Declared,
    /// The other side has not said how it is doing for three of the intervals that its settings name.
    HeartbeatMissed,
    /// For a day none of our calls has been answered.
    DeliveriesFailing,
    /// The platform wants no more calls at the address.
    AddressGone,
    /// The platform refuses credentials or settings.
    Refused,
    /// The platform cannot be reached, or broke off.
    Unreachable,
    /// A check that an administrator asked for found something wrong.
    CheckFailed,
    /// This server has no adapter for this kind of channel.
    NoAdapter,
    /// It is an example, and was never meant to work.
    Example,
}

impl ChannelHealthState {
    /// The state of a channel: a switched-off one is that before anything else.
    #[must_use]
    pub fn of(channel: &entity::channel::Model) -> Self {
        use entity::channel::ChannelHealth;
        match channel.health {
            _ if !channel.is_enabled => Self::Disabled,
            ChannelHealth::Unknown => Self::Unknown,
            ChannelHealth::Waiting => Self::WaitingForFirstEvent,
            ChannelHealth::Ok => Self::Ok,
            ChannelHealth::Degraded => Self::Degraded,
            ChannelHealth::NeedsSignIn => Self::NeedsSignIn,
            ChannelHealth::Down => Self::Down,
        }
    }
}
