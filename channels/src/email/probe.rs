//! Whether the settings of a mailbox work, as one sentence.

use tributary_domain::outbound::OpenChannel;

use super::{
    account::Account,
    failure::MailError,
    imap::Imap,
    oauth::{Credentials, TokenCache},
    smtp,
};
use crate::{channel::Cx, error::ProbeError};

/// Signs in to both servers, opens the inbox and looks for the folder that is set for sent mails.
///
/// # Errors
/// The first thing that does not work.
pub(super) async fn probe(cx: &Cx, tokens: &TokenCache, channel: &OpenChannel) -> Result<(), ProbeError> {
    let account = Account::of(channel)?;
    let mut imap = Imap::open(cx, tokens, channel, &account).await?;
    let folders = folders(&mut imap, &account).await;
    imap.close().await;
    folders?;
    let credentials = tokens.credentials(cx, channel, &account, false).await?;
    let is_token = matches!(credentials, Credentials::Bearer { .. });
    match smtp::check(cx, &account, &credentials).await {
        Err(MailError::SignIn { .. }) if is_token => {
            let renewed = tokens.credentials(cx, channel, &account, true).await?;
            Ok(smtp::check(cx, &account, &renewed).await?)
        }
        other => Ok(other?),
    }
}

async fn folders(imap: &mut Imap, account: &Account) -> Result<(), ProbeError> {
    if let Some(folder) = &account.sent_folder {
        imap.select(folder).await.map_err(|error| ProbeError { field: Some("sent_folder"), sentence: error.to_string() })?;
    }
    imap.select("INBOX").await?;
    Ok(())
}
