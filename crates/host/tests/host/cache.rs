//! The compile cache is a help and never a need: whatever is wrong with it means compiling again (H33).

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use morphir_extension_host::{Cache, ErrorCode, HostOptions};

use crate::in_own_process;
use crate::support::{TestHost, directory, files, guest, module, morphir, options, plain, run_in_own_process, text};

fn host(place: &Path) -> TestHost {
    TestHost::with(HostOptions { cache: Some(Cache::open(place).unwrap()), ..options() })
}

/// Loads the counter and sees that it counts.
fn works(place: &Path) -> Duration {
    let host = host(place);
    let since = Instant::now();
    let id = host.load(morphir(guest("counter"))).unwrap();
    let took = since.elapsed();
    assert_eq!(text(host.call(id, "count", "")), "101");
    took
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A module that takes a while to compile, so that a load which does not compile it is told from one that does.
fn slow() -> Vec<u8> {
    let function = |number| format!("(func (param i32) (result i32) (i32.mul (local.get 0) (i32.const {number})))\n");
    let functions = (0..3000).map(function).collect::<Vec<_>>().concat();
    module(&format!(r#"(module {functions} (func (export "run")))"#))
}

#[test]
fn h33_a_second_load_does_not_compile() {
    let parent = directory();
    let place = parent.path().join("made/by/the/host");
    let time = |host: &TestHost| {
        let since = Instant::now();
        let id = host.load(plain(slow())).unwrap();
        host.call(id, "run", "").unwrap();
        since.elapsed()
    };
    let cold = time(&host(&place));
    let kept = files(&place);
    let warm = (0..3).map(|_| time(&host(&place))).min().unwrap();
    assert!(warm * 3 < cold, "{cold:?} cold and {warm:?} warm");
    let engines = |files: &[PathBuf]| files.iter().filter(|file| file.extension().is_none()).count();
    assert_eq!(engines(&files(&place)), engines(&kept), "nothing new is stored");
    assert!(engines(&kept) > 0);
    assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn h33_what_is_granted_is_part_of_the_key() {
    let place = directory();
    let host = host(place.path());
    for pages in [20_u64, 60, 20] {
        let mut config = morphir(guest("counter"));
        config.permissions.max_memory = pages * 65_536;
        let id = host.load(config).unwrap();
        assert_eq!(text(host.call(id, "grow", "")), (pages - 16).to_string());
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
}

/// Breaks a file.
type Damage<'a> = &'a dyn Fn(&Path);

/// Each file of an entry, with each kind of damage: the load goes well, and the next one is as quick as ever.
#[test]
fn h33_damage_is_noticed_and_mended() {
    in_own_process! {
        let place = directory();
        works(place.path());
        // The engine rewrites its own bookkeeping at any moment.
        let kept = |place: &Path| -> Vec<PathBuf> {
            let of_the_engine = |file: &PathBuf| file.to_str().unwrap().contains("/code/") && file.extension().is_some();
            files(place).into_iter().filter(|file| !of_the_engine(file)).collect()
        };
        let whole = kept(place.path());
        assert!(whole.len() >= 5, "{whole:?}");
        let flip = |file: &Path, place: fn(usize) -> usize| {
            let mut bytes = fs::read(file).unwrap();
            if let Some(byte) = bytes.len().checked_sub(1).map(place) {
                bytes[byte] ^= 0x40;
                fs::write(file, bytes).unwrap();
            }
        };
        let damages: [(&str, Damage); 8] = [
            ("emptied", &|file| fs::write(file, "").unwrap()),
            ("cut off", &|file| {
                let bytes = fs::read(file).unwrap();
                fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
            }),
            ("overwritten", &|file| fs::write(file, vec![0xff; 5000]).unwrap()),
            ("flipped at its beginning", &|file| flip(file, |_| 0)),
            ("flipped in the middle", &|file| flip(file, |last| last / 2)),
            ("flipped at its end", &|file| flip(file, |last| last)),
            ("removed", &|file| fs::remove_file(file).unwrap()),
            ("a directory", &|file| {
                fs::remove_file(file).unwrap();
                fs::create_dir_all(file.join("inside")).unwrap();
            }),
        ];
        for (number, was_there) in whole.iter().enumerate() {
            for (what, damage) in &damages {
                // Names of the engine's files are the same each time.
                let file = kept(place.path()).get(number).cloned().unwrap_or_else(|| was_there.clone());
                damage(&file);
                works(place.path());
                works(place.path());
                if file.is_dir() {
                    fs::remove_dir_all(&file).unwrap();
                    works(place.path());
                }
                assert!(fs::metadata(place.path()).is_ok(), "{what}: {}", file.display());
            }
        }
    }
}

/// The engine reads native code back without a question: a bit that flipped in it must not come to run.
#[test]
fn h33_code_with_a_flipped_bit_does_not_run() {
    in_own_process! {
        let place = directory();
        works(place.path());
        let code: Vec<PathBuf> = files(place.path()).into_iter().filter(|file| file.to_str().unwrap().contains("/code/")).collect();
        let code: Vec<PathBuf> = code.into_iter().filter(|file| file.extension().is_none()).collect();
        assert!(!code.is_empty());
        for file in code {
            let whole = fs::read(&file).unwrap();
            for byte in (0..whole.len()).step_by(whole.len() / 20 + 1) {
                let mut flipped = whole.clone();
                flipped[byte] ^= 1;
                fs::write(&file, flipped).unwrap();
                works(place.path());
                assert!(fs::read(&file).is_ok_and(|now| now.len() == whole.len() || !now.is_empty()));
            }
        }
    }
}

#[test]
fn h33_a_directory_that_others_can_write_is_refused() {
    for wrong in [0o777, 0o770, 0o702, 0o1777] {
        let place = directory();
        mode(place.path(), wrong);
        let error = Cache::open(place.path()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidConfig, "{wrong:o}");
        assert!(error.message().contains("native code"), "{error}");
    }
    for right in [0o700, 0o755, 0o750] {
        let place = directory();
        mode(place.path(), right);
        Cache::open(place.path()).unwrap();
    }
}

#[test]
fn h33_a_directory_of_another_user_is_refused() {
    let place = directory();
    if chown(place.path(), Some(12_345), None).is_err() {
        // Only root can give a directory away.
        return;
    }
    let error = Cache::open(place.path()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidConfig);
    assert!(error.message().contains("12345"), "{error}");
}

#[test]
fn h33_a_link_is_followed_once_and_a_file_is_no_directory() {
    let place = directory();
    let (real, other, link) = (place.path().join("real"), place.path().join("other"), place.path().join("link"));
    fs::create_dir(&real).unwrap();
    fs::create_dir(&other).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let host = TestHost::with(HostOptions { cache: Some(Cache::open(&link).unwrap()), ..options() });
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&other, &link).unwrap();
    host.load(morphir(guest("counter"))).unwrap();
    assert!(files(&other).is_empty() && !files(&real).is_empty(), "it went where the link points now");

    fs::write(place.path().join("file"), "").unwrap();
    assert_eq!(Cache::open(place.path().join("file")).unwrap_err().code(), ErrorCode::IoError);
    assert_eq!(Cache::open(place.path().join("file/below")).unwrap_err().code(), ErrorCode::IoError);
}

/// As a user without privileges, for whom modes count.
#[test]
fn h33_a_directory_that_cannot_be_written_only_costs_time() {
    let place = directory();
    let without_privileges = |command: &mut std::process::Command| {
        command.env("MORPHIR_TEST_CACHE", place.path());
        if rustix::process::geteuid().is_root() {
            chown(place.path(), Some(12_345), None).unwrap();
            command.uid(12_345);
        }
    };
    run_in_own_process("cache::h33_a_directory_that_cannot_be_written_only_costs_time", without_privileges, || {
        let place = PathBuf::from(std::env::var_os("MORPHIR_TEST_CACHE").unwrap());
        works(&place);
        let entry = fs::read_dir(&place).unwrap().next().unwrap().unwrap().path();
        // An entry that can only be read is still used.
        mode(&entry, 0o500);
        mode(&place, 0o500);
        works(&place);
        let host = host(&place);
        let id = host.load(morphir(guest("echo"))).unwrap();
        assert_eq!(text(host.call(id, "echo", "not kept")), "not kept");
        drop(host);
        // Not even that.
        mode(&place, 0o700);
        mode(&entry, 0o000);
        works(&place);
        works_without_rights(&place);
        mode(&entry, 0o700);
    });
}

/// The directory lost its rights after the host had opened it.
fn works_without_rights(place: &Path) {
    let host = host(place);
    mode(place, 0o000);
    let id = host.load(morphir(guest("counter"))).unwrap();
    assert_eq!(text(host.call(id, "count", "")), "101");
    mode(place, 0o700);
}

/// Removes a directory in which a thread of the engine's may still be keeping its books.
fn remove(place: &Path) {
    let gone = (0..100).any(|_| {
        let removed = fs::remove_dir_all(place).is_ok();
        std::thread::sleep(Duration::from_millis(10));
        removed
    });
    assert!(gone, "the directory cannot be removed");
}

#[test]
fn h33_a_directory_that_goes_away_only_costs_time() {
    let place = directory();
    let host = host(place.path());
    let id = host.load(morphir(guest("counter"))).unwrap();
    remove(place.path());
    assert_eq!(text(host.call(id, "count", "")), "101");
    host.call(id, "trap", "").unwrap_err();
    assert_eq!(text(host.call(id, "count", "")), "101", "it heals without its files");
    let again = host.load(morphir(guest("echo"))).unwrap();
    assert_eq!(text(host.call(again, "echo", "as well")), "as well");
    fs::create_dir_all(place.path()).unwrap();
}

#[test]
fn h33_hosts_and_processes_at_once_do_not_get_in_each_others_way() {
    in_own_process! {
        let place = directory();
        let path = place.path().to_str().unwrap().to_owned();
        let mut children: Vec<_> = (0..3)
            .map(|_| {
                std::process::Command::new(std::env::current_exe().unwrap())
                    .args(["cache::loads_into_one_cache", "--exact", "--ignored", "--test-threads=1"])
                    .env("MORPHIR_TEST_CACHE", &path)
                    .spawn()
                    .unwrap()
            })
            .collect();
        load_and_damage(place.path());
        for child in &mut children {
            assert!(child.wait().unwrap().success());
        }
        works(place.path());
    }
}

#[test]
#[ignore = "one of several processes: they are started by the test above"]
fn loads_into_one_cache() {
    if let Some(place) = std::env::var_os("MORPHIR_TEST_CACHE") {
        load_and_damage(Path::new(&place));
    }
}

/// Several hosts in several threads, which also break what is there from time to time.
fn load_and_damage(place: &Path) {
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        for number in 0..2 {
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                for round in 0..15 {
                    works(place);
                    if round % 5 == number {
                        let all = files(place);
                        if let Some(file) = all.get(round % all.len().max(1)) {
                            let _ = fs::write(file, "broken");
                        }
                    }
                }
            });
        }
    });
}

/// What is not the cache's own is not the cache's to remove.
#[test]
fn h33_a_full_cache_forgets_its_oldest_entries_and_nothing_else() {
    let place = directory();
    let day = |number: u64| SystemTime::now() - Duration::from_secs(86_400 * (400 - number));
    let age = |path: &Path, time: SystemTime| fs::File::open(path).unwrap().set_modified(time).unwrap();
    for number in 0..300 {
        let entry = place.path().join(format!("{number:064x}"));
        fs::create_dir(&entry).unwrap();
        fs::write(entry.join("seal.json"), "{}").unwrap();
        age(&entry.join("seal.json"), day(number));
        age(&entry, day(number));
        let of_somebody = place.path().join(format!("Documents {number}"));
        fs::create_dir(&of_somebody).unwrap();
        fs::write(of_somebody.join("thesis.txt"), "years of work").unwrap();
        age(&of_somebody, day(0));
    }
    works(place.path());
    for number in 0..300 {
        assert!(place.path().join(format!("Documents {number}/thesis.txt")).exists(), "it removed what is not its own");
    }
    let entry = |number: u64| place.path().join(format!("{number:064x}")).exists();
    assert!(!entry(0) && !entry(40) && entry(299), "the oldest go first");
    let entries = fs::read_dir(place.path()).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_str().unwrap().len() == 64
    });
    assert!(entries.count() <= 257);
}

#[test]
fn a_cache_is_shared_by_clones_of_it() {
    let place = directory();
    let cache = Cache::open(place.path()).unwrap();
    let hosts: Vec<TestHost> =
        (0..2).map(|_| TestHost::with(HostOptions { cache: Some(cache.clone()), ..options() })).collect();
    for host in Arc::new(hosts).iter() {
        let id = host.load(morphir(guest("echo"))).unwrap();
        assert_eq!(text(host.call(id, "echo", "x")), "x");
    }
    assert_eq!(fs::read_dir(cache.dir()).unwrap().count(), 1);
}
