//! The demo workspace: an outdoor shop with its people, channels and two weeks of conversations in German and English.
//!
//! [`seed`] writes all of it in one transaction, so a half-made demo never exists, and does nothing when the workspace is
//! there already. Everything goes through the domain's own commands ([`setup`], [`play`]); only times in the past are written
//! directly, in one place ([`backdate`]). The stories are the same on every machine; their times count back from now.

mod backdate;
mod channels;
mod dice;
mod files;
mod play;
mod rich;
mod setup;
mod story;
#[cfg(test)]
mod tests;
mod words;

use std::{fmt, sync::Arc};

use anyhow::Context;
use sea_orm::QueryOrder;
use secrecy::{ExposeSecret, SecretString};
use tributary_channels::registry::Registry;
use tributary_domain::{
    actor::Role,
    channel,
    entity::{self, directory::DirectoryKind},
    ids::{ChannelId, WorkspaceId},
    media::MediaStore,
    random,
    seal::Vault,
    spec::ChannelKind,
    store::{NewWorkspace, Store, Tx, create_workspace, directory},
};
use url::Url;

use crate::{app::App, auth::password::Passwords, config::Config};

/// The demo workspace's name in addresses.
const SLUG: &str = "demo";
/// Everybody's password in the demo.
const PASSWORD: &str = "demo";
/// Where programs on this machine are, which the recipes of README.md start beside the demo.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];

/// How to get into the demo; what `tributary serve --demo` prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoLogins {
    /// Whether the workspace was made just now.
    pub is_new: bool,
    /// Who can sign in, admin and supervisor first.
    pub people: Vec<DemoPerson>,
    /// Everybody's password.
    pub password: &'static str,
    /// Public key of the chat widget.
    pub widget_key: String,
    /// Public token of the integrator's channel: the part of its address that names the channel.
    pub byoc_channel: String,
    /// What an integrator sends as bearer token.
    pub byoc_inbound_token: String,
    /// What an integrator checks our signatures with.
    pub byoc_signing_secret: String,
    /// Where the integrator's channel sends to.
    pub byoc_receiver: &'static str,
    /// Public base address of the server.
    pub public_url: Url,
}

impl fmt::Display for DemoLogins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = self.public_url.as_str().trim_end_matches('/');
        let begin = if self.is_new { "The demo workspace was made." } else { "The demo workspace is there already." };
        writeln!(
            f,
            "{begin}\n\n  Inbox            {base}/\n  Shop with chat   {base}/demo-shop?channel={}\n\n  Password of everybody: {}",
            self.widget_key, self.password
        )?;
        for person in &self.people {
            writeln!(f, "  {:<24} {:<14} {}", person.email, person.name, format!("{:?}", person.role).to_lowercase())?;
        }
        writeln!(f, "\n  Chat widget      key {}", self.widget_key)?;
        writeln!(f, "  Own channel      {base}/byoc/v1/channels/{}/events", self.byoc_channel)?;
        writeln!(f, "    inbound token  {}", self.byoc_inbound_token)?;
        writeln!(f, "    signing secret {}", self.byoc_signing_secret)?;
        writeln!(f, "    sends to       {}", self.byoc_receiver)
    }
}

/// Someone of the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoPerson {
    /// Full name.
    pub name: &'static str,
    /// What is typed at sign-in.
    pub email: &'static str,
    /// What they may do.
    pub role: Role,
}

/// Lets the demo's channels call programs on this machine, unless the settings say which private networks may be reached.
/// Returns the line that says so. A server without the demo never comes here: it refuses loopback unless it is listed.
pub fn open_loopback(config: &mut Config) -> Option<String> {
    if !config.channels.allow_networks.is_empty() {
        return None;
    }
    config.channels.allow_networks = LOOPBACK.map(str::to_owned).into();
    Some(format!("  Only in the demo, channels may call this machine: channels.allow_networks is {}\n", LOOPBACK.join(",")))
}

/// Makes the demo workspace if there is none, and says how to get in.
///
/// # Errors
/// When the database or the media store fails, a secret cannot be opened, or a mailbox is named only in part.
pub async fn seed(app: &App) -> anyhow::Result<DemoLogins> {
    let ground = Ground {
        store: app.store.clone(),
        registry: app.registry.clone(),
        vault: app.vault.clone(),
        media: app.media.clone(),
        passwords: app.passwords.clone(),
        public_url: app.public_url.clone(),
    };
    ground.seed().await
}

/// The parts of the server that the seed works with.
struct Ground {
    store: Store,
    registry: Registry,
    vault: Arc<Vault>,
    media: MediaStore,
    passwords: Passwords,
    public_url: Url,
}

impl Ground {
    async fn seed(&self) -> anyhow::Result<DemoLogins> {
        let known = self.store.workspaces().await?.into_iter().find(|workspace| workspace.slug == SLUG);
        let (workspace, is_new) = match known {
            Some(known) => (known.id, false),
            None => (self.make().await.context("the demo workspace cannot be made")?, true),
        };
        self.logins(workspace, is_new).await
    }

    async fn make(&self) -> anyhow::Result<WorkspaceId> {
        let workspace: WorkspaceId = random::id();
        let now = self.store.clock().now();
        let mailbox = channels::Mailbox::from_environment()?;
        let password_hash = self.passwords.hash(SecretString::from(PASSWORD)).await?;
        let stories = story::invent(now);
        let mut files = self.files(workspace, &stories).await?;

        let mut tx = self.store.write(workspace).await?;
        let new = NewWorkspace {
            id: workspace,
            name: "Nordlicht Outdoor".to_owned(),
            slug: SLUG.to_owned(),
            default_language: "de".to_owned(),
            reopen_days: 14,
        };
        create_workspace(&mut tx, new).await?;
        directory::add(&tx, DirectoryKind::Slug, SLUG, workspace, None).await?;
        let house = setup::house(&mut tx, &password_hash).await?;
        let making = channels::Making { registry: &self.registry, vault: &self.vault, house: &house, public_url: &self.public_url };
        let made = making.all(&mut tx, mailbox).await?;
        let (chat, mail, byoc) =
            (self.stage(&mut tx, made.chat).await?, self.stage(&mut tx, made.mail).await?, self.stage(&mut tx, made.byoc).await?);
        for (number, story) in stories.iter().enumerate() {
            let stage = match story.place {
                story::Place::Chat => &chat,
                story::Place::Mail => &mail,
                story::Place::Byoc => &byoc,
            };
            play::play(&mut tx, &house, stage, &mut files, story, number).await?;
        }
        play::merge_doubles(&mut tx, &house, made.chat, made.mail).await?;
        making.switch_off(&mut tx, made.mail).await?;
        tx.commit().await?;
        Ok(workspace)
    }

    async fn stage(&self, tx: &mut Tx, id: ChannelId) -> tributary_domain::Result<play::Stage> {
        let row = channels::heard(tx, id).await?;
        let capabilities = self.registry.capabilities(&row).into_owned();
        Ok(play::Stage { spec: self.registry.spec(row.kind), row, capabilities })
    }

    /// As many files as the stories need.
    async fn files(&self, workspace: WorkspaceId, stories: &[story::Story]) -> tributary_domain::Result<play::Files> {
        let mut made = play::Files { pictures: Vec::new(), letters: Vec::new() };
        let steps = stories.iter().flat_map(|story| &story.steps);
        let kinds = steps.filter_map(|(_, step)| match step {
            story::Step::In { file, .. } | story::Step::Out { file, .. } => *file,
            _ => None,
        });
        for (number, kind) in kinds.enumerate() {
            let ready = files::store(&self.media, workspace, kind, number).await?;
            match kind {
                files::FileKind::Picture => made.pictures.push(ready),
                files::FileKind::Letter => made.letters.push(ready),
            }
        }
        Ok(made)
    }

    async fn logins(&self, workspace: WorkspaceId, is_new: bool) -> anyhow::Result<DemoLogins> {
        let read = self.store.read(workspace).await?;
        let channels = entity::channel::in_workspace(workspace).order_by_asc(entity::channel::Column::Id).all(read.conn()).await?;
        let of = |kind: ChannelKind| channels.iter().find(|found| found.kind == kind).context("the demo workspace has lost a channel");
        let (chat, byoc) = (of(ChannelKind::DigitalChat)?, of(ChannelKind::Byoc)?);
        let open = channel::open(&read, &self.vault, byoc).await?;
        let secret = |key: &str| open.secret(key).map(|secret| secret.expose_secret().to_owned()).unwrap_or_default();
        let people = setup::MEMBERS.iter().map(|member| DemoPerson { name: member.name, email: member.email, role: member.role }).collect();
        Ok(DemoLogins {
            is_new,
            people,
            password: PASSWORD,
            widget_key: chat.token.clone(),
            byoc_channel: byoc.token.clone(),
            byoc_inbound_token: secret("inbound_token"),
            byoc_signing_secret: secret("signing_secret"),
            byoc_receiver: channels::RECEIVER,
            public_url: self.public_url.clone(),
        })
    }
}
