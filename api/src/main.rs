//! The program `tributary`: serve, migrate, schema, check-config, create-workspace, demo, tail.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::Context;
use clap::{Args, Parser, Subcommand, ValueEnum};
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;
use tributary_api::{
    app::App,
    config::{Config, check},
    demo,
    founding::{self, Founding, Language},
    graphql,
    http::{
        health,
        listen::{self, Doors},
        tls::Certificates,
    },
    open_files, signals, tail, telemetry,
};
use tributary_domain::{clock::SystemClock, random};

/// Connections come and go by the thousand, and what they needed for a moment must not stay.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Every digital channel in one live inbox.
#[derive(Parser)]
#[command(name = "tributary", version, about)]
struct Arguments {
    /// Settings file (TOML); environment variables such as `TRIBUTARY__DATABASE__URL` win over it.
    #[arg(long, global = true, env = "TRIBUTARY_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server: API and workers in one process unless a role is given.
    Serve {
        /// Only the API, or only the workers.
        #[arg(long)]
        role: Option<Role>,
        /// Creates the demo workspace first, if there is none.
        #[arg(long)]
        demo: bool,
    },
    /// Brings the database's schema up to date.
    Migrate,
    /// Prints the GraphQL schema.
    Schema,
    /// Checks the settings and says what to change.
    CheckConfig,
    /// Creates a workspace with its first admin, an inbox, a skill, a script and the usual views.
    CreateWorkspace(NewWorkspace),
    /// Creates the demo workspace and prints its log-ins.
    Demo,
    /// Follows a workspace's event log, one JSON object a line.
    Tail {
        /// Slug of the workspace.
        workspace: String,
        /// Cursor to go on from; from now on if absent.
        #[arg(long)]
        after: Option<String>,
    },
}

#[derive(Args)]
struct NewWorkspace {
    /// Name for people.
    name: String,
    /// Name in commands; lower-case letters, digits and hyphens.
    #[arg(long)]
    slug: String,
    /// What the first admin signs in with.
    #[arg(long)]
    admin_email: String,
    /// The first admin's name.
    #[arg(long)]
    admin_name: String,
    /// The first admin's password; one is invented and printed if absent.
    #[arg(long, env = "TRIBUTARY_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: Option<String>,
    /// Language of the workspace.
    #[arg(long, value_enum, default_value = "en")]
    language: Language,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    Api,
    Worker,
}

#[tokio::main]
async fn main() -> ExitCode {
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        eprintln!("another TLS provider was installed first");
        return ExitCode::FAILURE;
    }
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    if matches!(arguments.command, Command::Schema) {
        return print(&graphql::sdl());
    }
    let config = Config::load(arguments.config.as_deref())?;
    match arguments.command {
        Command::Schema => Ok(()),
        Command::CheckConfig => {
            for warning in check::warnings(&config) {
                print(&format!("warning: {warning}\n"))?;
            }
            print("the settings are sound\n")
        }
        Command::Migrate => migrate(&config).await,
        Command::CreateWorkspace(new) => {
            migrate(&config).await?;
            create_workspace(config, new).await
        }
        Command::Demo => {
            migrate(&config).await?;
            let app = build(config, CancellationToken::new()).await?;
            let logins = demo::seed(&app).await?;
            print(&logins.to_string())
        }
        Command::Tail { workspace, after } => tail::run(&config, &workspace, after.as_deref(), &mut std::io::stdout()).await,
        Command::Serve { role, demo } => serve(config, role, demo).await,
    }
}

async fn build(config: Config, shutdown: CancellationToken) -> anyhow::Result<App> {
    App::build(config, Arc::new(SystemClock), shutdown).await
}

async fn migrate(config: &Config) -> anyhow::Result<()> {
    let own = config.database.migrate_url.expose_secret();
    let url = if own.is_empty() { config.database.url.expose_secret() } else { own };
    if let Some(folder) = url.strip_prefix("sqlite://").and_then(|path| std::path::Path::new(path).parent()) {
        std::fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    }
    tributary_migrations::migrate(url).await.context("the database's schema cannot be brought up to date")
}

async fn create_workspace(config: Config, new: NewWorkspace) -> anyhow::Result<()> {
    let invented = new.admin_password.is_none().then(random::token);
    let password = new.admin_password.or_else(|| invented.clone()).unwrap_or_default();
    let founding = Founding {
        name: new.name,
        slug: new.slug,
        language: new.language,
        admin_name: new.admin_name,
        admin_email: new.admin_email.clone(),
        admin_password: password.into(),
    };
    let app = build(config, CancellationToken::new()).await?;
    founding::found(&app, founding).await?;
    print(&format!("The workspace was made.\n  sign in at  {}\n  as          {}\n", app.public_url, new.admin_email))?;
    invented.map_or(Ok(()), |password| print(&format!("  password    {password}\n")))
}

async fn serve(mut config: Config, role: Option<Role>, with_demo: bool) -> anyhow::Result<()> {
    let _telemetry = telemetry::start(&config)?;
    open_files::raise_limit();
    for warning in check::warnings(&config).into_iter().chain(open_files::warning(config.server.max_connections)) {
        tracing::warn!("{warning}");
    }
    migrate(&config).await?;
    let shutdown = CancellationToken::new();
    let is_opened = if with_demo { demo::open_loopback(&mut config) } else { None };
    let app = build(config, shutdown.clone()).await?;
    if with_demo {
        let logins = demo::seed(&app).await?;
        print(&logins.to_string())?;
        print(&is_opened.unwrap_or_default())?;
    }
    let workers = match role {
        Some(Role::Api) => None,
        _ => Some(tokio::spawn(tributary_channels::worker::run(app.worker.clone(), shutdown.clone()))),
    };
    let metrics = health::install_metrics()?;
    signals::announce();
    tokio::spawn(signals::run(app.store.clone(), shutdown.clone()));
    let router = match role {
        Some(Role::Worker) => app.probes(Some(metrics)),
        _ => app.router(Some(metrics))?,
    };
    let doors = open_doors(&app.config, &shutdown)?;
    if with_demo {
        print(&format!("\nOpen {} in the browser.\n", app.public_url))?;
    }
    tokio::spawn(stop_on_signal(shutdown.clone()));
    listen::serve(doors, router, (&app.config).into(), shutdown.clone()).await;
    shutdown.cancel();
    if let Some(workers) = workers {
        workers.await.context("the worker panicked")?;
    }
    app.store.close().await?;
    tracing::info!("stopped");
    Ok(())
}

/// Begins to listen.
fn open_doors(config: &Config, shutdown: &CancellationToken) -> anyhow::Result<Doors> {
    let server = &config.server;
    let open = |address: SocketAddr, key: &str| {
        let listener = listen::open(address).with_context(|| format!("cannot listen on {address} ({key})"))?;
        tracing::info!(%address, "listening");
        anyhow::Ok(listener)
    };
    let tls = match server.tls_listen {
        None => None,
        Some(address) => {
            let certificates = Certificates::open(server.tls_certificate.clone(), server.tls_key.clone())?;
            let acceptor = certificates.acceptor()?;
            tokio::spawn(certificates.keep_current(shutdown.clone()));
            Some((open(address, "server.tls_listen")?, acceptor))
        }
    };
    Ok(Doors { plain: open(server.listen, "server.listen")?, tls })
}

/// Cancels the token on the first SIGTERM or SIGINT.
async fn stop_on_signal(shutdown: CancellationToken) {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(error) => {
                tracing::warn!(error = %error, "SIGTERM cannot be heard");
                std::future::pending().await
            }
        }
    };
    tokio::select! {
        _ = terminate => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping");
    shutdown.cancel();
}

/// Writes to standard output; a reader that has gone is no error.
fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
