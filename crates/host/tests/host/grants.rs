//! What was granted beside memory and time, and what comes with it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use morphir_extension_host::{DirectoryGrant, ErrorCode, ExtensionConfig, Outcome};

use crate::in_own_process;
use crate::support::{TestHost, code, directory, guest, plain, text};

fn granted(path: &Path, write: bool) -> ExtensionConfig {
    let mut config = plain(guest("directory"));
    config.permissions.max_execution_time = Duration::from_millis(500);
    let grant = DirectoryGrant { path: path.into(), guest_path: "/granted".into() };
    if write {
        config.permissions.filesystem.push(grant);
    } else {
        config.permissions.readonly_paths.push(grant);
    }
    config
}

#[test]
fn a_guest_reads_in_its_directory_and_nowhere_else() {
    let outside = directory();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    let inside = outside.path().join("inside");
    fs::create_dir(&inside).unwrap();
    fs::write(inside.join("file"), "content").unwrap();
    std::os::unix::fs::symlink("../secret", inside.join("link")).unwrap();
    std::os::unix::fs::symlink("/", inside.join("root")).unwrap();
    std::os::unix::fs::symlink(outside.path(), inside.join("up")).unwrap();
    let host = TestHost::new();
    for write in [true, false] {
        let id = host.load(granted(&inside, write)).unwrap();
        assert_eq!(text(host.call(id, "read", "file")), "content");
        let attempts = [
            "../secret",
            "link",
            "root/etc/passwd",
            "up/secret",
            "/etc/passwd",
            "file/../../secret",
            "./../secret",
            "",
        ];
        for path in attempts {
            assert_eq!(code(&host.call(id, "read", path)), ErrorCode::ExtensionError, "{path}");
        }
    }
}

#[test]
fn a_guest_that_may_only_read_does_not_write() {
    let place = directory();
    let host = TestHost::new();
    let id = host.load(granted(place.path(), false)).unwrap();
    assert_eq!(code(&host.call(id, "write", "file")), ErrorCode::ExtensionError);
    assert!(fs::read_dir(place.path()).unwrap().next().is_none());
    let id = host.load(granted(place.path(), true)).unwrap();
    host.call(id, "write", "file").unwrap();
    assert!(place.path().join("file").exists());
}

/// Whoever opens a pipe waits for somebody at its other end, for ever: no deadline and no cancel ends that (H3).
#[test]
fn h3_a_pipe_in_a_granted_directory_does_not_hold_the_thread() {
    in_own_process! {
        let place = directory();
        assert!(std::process::Command::new("mkfifo").arg(place.path().join("pipe")).status().unwrap().success());
        let host = TestHost::new();
        let id = host.load(granted(place.path(), true)).unwrap();
        std::os::unix::fs::symlink("pipe", place.path().join("link")).unwrap();
        for (method, path) in [("read", "pipe"), ("write", "pipe"), ("read", "link")] {
            let ticket = host.submit(id, method, path).unwrap();
            match host.wait_until(ticket, Instant::now() + Duration::from_secs(3)) {
                Some(settled) => {
                    let Outcome::Called(answers) = settled.outcome else { panic!("a call settled as a load") };
                    let error = answers[0].as_ref().unwrap_err();
                    assert_eq!((error.code(), error.message().contains("63")), (ErrorCode::ExtensionError, true), "{error}");
                }
                // Not even the end of this test would wait for it.
                None => say_and_leave("the call still waits for the pipe, long after its deadline"),
            }
        }
        host.call(id, "write", "file").unwrap();
        assert_eq!(text(host.call(id, "read", "file")), "the extension was here");
    }
}

fn say_and_leave(what: &str) -> ! {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{what}");
    std::process::exit(1);
}

/// Between the moment in which a path is checked and the one in which it is opened, somebody may put a link in its place: each part of a
/// path is looked up beneath the open directory, so there is no such moment.
#[test]
fn a_link_put_in_place_while_a_guest_reads_leads_nowhere() {
    use std::os::unix::fs::symlink;
    let place = directory();
    let (inside, outside) = (place.path().join("inside"), place.path().join("outside"));
    for folder in [&inside.join("own"), &outside] {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("file"), if *folder == outside { "secret" } else { "own" }).unwrap();
    }
    let host = TestHost::new();
    let id = host.load(granted(&inside, true)).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    let (mut read, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // A file or a folder of its own, and a link out in the same place, over and over.
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                fs::write(inside.join("new"), "own").unwrap();
                fs::rename(inside.join("new"), inside.join("file")).unwrap();
                symlink("../outside/file", inside.join("new")).unwrap();
                fs::rename(inside.join("new"), inside.join("file")).unwrap();
                for target in ["own", "../outside"] {
                    symlink(target, inside.join("new")).unwrap();
                    fs::rename(inside.join("new"), inside.join("folder")).unwrap();
                }
            }
        });
        let until = Instant::now() + Duration::from_secs(30);
        while (read < 200 || refused < 200) && Instant::now() < until {
            for path in ["file", "folder/file"] {
                match host.call(id, "read", path) {
                    Ok(content) => {
                        assert_eq!(String::from_utf8_lossy(&content), "own", "{path}");
                        read += 1;
                    }
                    Err(error) => {
                        assert_eq!(error.code(), ErrorCode::ExtensionError, "{error}");
                        refused += 1;
                    }
                }
            }
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert!(read > 0 && refused > 0, "it never saw both: {read} read, {refused} refused");
}
