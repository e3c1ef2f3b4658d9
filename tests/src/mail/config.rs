//! The configuration files of Dovecot and Exim, written for one ordinary user and one folder.
//!
//! Dovecot 2.3 syntax; 2.4 has another one.

use std::path::Path;

use crate::host::User;

/// Where the two servers listen and store, and whose they are.
pub(super) struct Layout<'a> {
    pub(super) folder: &'a Path,
    pub(super) user: &'a User,
    pub(super) imap: u16,
    pub(super) imaps: u16,
    pub(super) smtp: u16,
    pub(super) exim: &'a Path,
}

/// Two certificates: rustls refuses an authority's certificate as that of a server.
pub(super) const CERTIFICATES: &str = "[req]
distinguished_name = name
prompt = no
[name]
CN = localhost
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost,IP:127.0.0.1
";

pub(super) fn passwords(accounts: &[&str], password: &str) -> String {
    accounts.iter().map(|account| format!("{account}:{{PLAIN}}{password}\n")).collect()
}

pub(super) fn oauth(layout: &Layout<'_>) -> String {
    format!(
        "introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/keys/
username_attribute = email
",
        folder = layout.folder.display()
    )
}

/// Without its socket there is no penalty: a few refused sign-ins would slow down every test from the same address.
/// The second password database has no `mechanisms`: with none left for LMTP, Dovecot could not look up recipients.
pub(super) fn dovecot(layout: &Layout<'_>) -> String {
    let Layout { user: User { name, group, uid, gid, .. }, imap, imaps, .. } = layout;
    let folder = layout.folder.display();
    format!(
        "base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = {name}
default_internal_group = {group}
default_login_user = {name}
first_valid_uid = 1
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_username_format = %Lu
auth_failure_delay = 0
ssl = yes
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
mail_location = maildir:{folder}/mail/%u
mail_max_userip_connections = 100
imap_idle_notify_interval = 30 secs
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    special_use = \\Sent
    auto = subscribe
  }}
  mailbox Junk {{
    special_use = \\Junk
    auto = create
  }}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/passwords
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  unix_listener lmtp {{
    mode = 0600
  }}
}}
"
    )
}

pub(super) fn exim(layout: &Layout<'_>, password: &str) -> String {
    let Layout { user: User { name, group, .. }, smtp, .. } = layout;
    let (folder, exim) = (layout.folder.display(), layout.exim.display());
    format!(
        "exim_path = {exim}
primary_hostname = mail.example.test
spool_directory = {folder}/spool
log_file_path = {folder}/exim_%slog
pid_file_path = {folder}/run/exim.pid
keep_environment =
exim_user = {name}
exim_group = {group}
trusted_users = {name}
never_users =
deliver_drop_privilege = true
local_interfaces = 127.0.0.1
daemon_smtp_ports = {smtp}
tls_advertise_hosts = *
tls_certificate = {folder}/server.pem
tls_privatekey = {folder}/server.key
auth_advertise_hosts = *
message_size_limit = 40M
smtp_accept_max = 100
smtp_accept_queue_per_connection = 0
qualify_domain = example.test
domainlist local_domains = example.test
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = accept
begin acl
acl_rcpt:
  deny    local_parts = reject550
          message = 5.1.1 mailbox unavailable
  defer   local_parts = defer451
          message = 4.3.0 try again later
  accept  domains = +local_domains
  accept  authenticated = *
  deny    message = relay not permitted
begin routers
bounce_later:
  driver = redirect
  local_parts = bounce
  domains = +local_domains
  allow_fail
  data = :fail: 5.1.1 no such user here
to_dovecot:
  driver = manualroute
  domains = +local_domains
  transport = lmtp_dovecot
  route_list = * 127.0.0.1
  self = send
begin transports
lmtp_dovecot:
  driver = lmtp
  socket = {folder}/run/lmtp
  user = {name}
  group = {group}
begin retry
* * F,1h,5s
begin authenticators
PLAIN:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{{password}}}}}
  server_set_id = $auth2
LOGIN:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if eq{{$auth2}}{{{password}}}}}
  server_set_id = $auth1
XOAUTH2:
  driver = plaintext
  public_name = XOAUTH2
  server_prompts = :
  server_condition = ${{if match{{$auth1}}{{^user=}}}}
  server_set_id = xoauth2
"
    )
}
