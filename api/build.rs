//! Makes the folder of the web client's build, so that the server also builds without it and notices when it appears.

fn main() -> std::io::Result<()> {
    let dist = std::path::Path::new("../web-client/dist");
    std::fs::create_dir_all(dist)?;
    println!("cargo::rerun-if-changed={}", dist.display());
    Ok(())
}
