//! An ordinary user needs nobody to install anything.

use test_servers::debian::Wanted;

#[test]
fn a_package_is_unpacked_and_its_program_runs() {
    let cache = tempfile::tempdir().unwrap();
    let hello = Wanted { program: "hello", folder: None, package: "hello" };
    let program = match hello.unpack(cache.path()) {
        Ok(program) => program,
        // No package lists, no network, or not Debian.
        Err(reason) => return println!("skipped: {reason}"),
    };
    assert!(program.path.starts_with(cache.path()));
    let output = program.command().output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "Hello, world!\n");
    let kept = hello.unpack(cache.path()).unwrap();
    assert_eq!(kept.path, program.path);
}

#[test]
fn what_is_missing_is_named_with_its_package() {
    let missing = Wanted { program: "no-such-program", folder: None, package: "no-such-package" };
    let message = missing.get().unwrap_err();
    assert!(
        message.contains("`no-such-program` is missing; install the Debian package `no-such-package`"),
        "{message}"
    );
}
