//! What happens to mails that are known already: others read them, we move them away.

use async_imap::types::Flag;
use bytes::Bytes;
use futures_util::TryStreamExt;

use super::{Imap, lost, within, within_time};
use crate::email::{failure::MailError, wire::SeenMail};

impl Imap {
    /// The mails up to `last` whose flags changed since `modseq` and that are read now, and the number of the last change.
    /// Nothing where the server does not number changes.
    ///
    /// # Errors
    /// [`MailError::Unreachable`].
    pub(in crate::email) async fn read_since(&mut self, modseq: u64, last: u32) -> Result<(Vec<SeenMail>, u64), MailError> {
        let mut newest = modseq;
        if !self.can.condstore || last == 0 {
            return Ok((Vec::new(), newest));
        }
        // Only flags first: of most changes nothing more is wanted, and there may be thousands.
        let patience = self.patience;
        let asking = async {
            let mut read = Vec::new();
            let mut answers = self.session.uid_fetch(format!("1:{last}"), format!("(UID FLAGS) (CHANGEDSINCE {modseq})")).await?;
            while let Some(answer) = answers.try_next().await? {
                let (Some(uid), Some(number)) = (answer.uid, answer.modseq) else { continue };
                newest = newest.max(number);
                // Some servers answer with the change that was named too.
                if number > modseq && uid <= last && answer.flags().any(|flag| flag == Flag::Seen) {
                    read.push((uid, number));
                }
            }
            Ok(read)
        };
        let read = within_time(patience, asking).await.map_err(lost)?;
        let mut found = Vec::with_capacity(read.len());
        for (uid, number) in read {
            if let Some(header) = self.id_header(uid).await? {
                found.push(SeenMail { uid, modseq: number, header });
            }
        }
        Ok((found, newest))
    }

    async fn id_header(&mut self, uid: u32) -> Result<Option<Bytes>, MailError> {
        let fetching = async {
            let mut found = None;
            let mut answers = self.session.uid_fetch(uid.to_string(), "(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])").await?;
            while let Some(answer) = answers.try_next().await? {
                if answer.uid == Some(uid)
                    && let Some(header) = answer.header()
                {
                    found = Some(Bytes::copy_from_slice(header));
                }
            }
            Ok(found)
        };
        within(fetching).await.map_err(lost)
    }

    /// Moves mails out of the open folder.
    ///
    /// # Errors
    /// [`MailError::Folder`] when there is no such folder, else [`MailError::Unreachable`].
    pub(in crate::email) async fn move_away(&mut self, uids: &[u32], folder: &str) -> Result<(), MailError> {
        if uids.is_empty() {
            return Ok(());
        }
        let set = uids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let refused = |error| match error {
            async_imap::error::Error::No(said) => {
                MailError::Folder { sentence: format!("Mails cannot be moved to the folder {folder} ({said}).") }
            }
            other => lost(other),
        };
        if self.can.moves {
            return within(self.session.uid_mv(&set, folder)).await.map_err(refused);
        }
        within(self.session.uid_copy(&set, folder)).await.map_err(refused)?;
        let marking = async {
            let answers = self.session.uid_store(&set, "+FLAGS.SILENT (\\Deleted)").await?;
            answers.try_collect::<Vec<_>>().await
        };
        within(marking).await.map_err(lost)?;
        // Without UIDPLUS an expunge would also remove what a person has marked and may still want back.
        if self.can.uidplus {
            let removing = async {
                let answers = self.session.uid_expunge(&set).await?;
                answers.try_collect::<Vec<_>>().await
            };
            within(removing).await.map_err(lost)?;
        }
        Ok(())
    }
}
