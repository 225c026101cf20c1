/// Panics where this process has more memory than that, in bytes. Only Linux tells it without further ado.
pub fn check_resident(most: u64) {
    const PAGE: u64 = 4096;
    let Ok(statistics) = std::fs::read_to_string("/proc/self/statm") else { return };
    let pages = statistics.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default();
    assert!(pages * PAGE <= most, "the process has {} bytes of memory", pages * PAGE);
}
