//! Who runs next: a state machine without threads.
//!
//! Each extension has a lane: work in the order in which it came, and instances to run it. A lane with work and a free
//! instance is ready, and ready lanes take turns, so that one busy extension does not starve the others.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::slots::Slots;

/// Names one piece of work.
pub(crate) type Ticket = u64;
/// Names a lane: the extension's id.
pub(crate) type LaneId = u64;

/// One piece of work that may start now, on this instance of its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub lane: LaneId,
    pub ticket: Ticket,
    pub instance: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Schedule {
    id: Id,
    lanes: HashMap<LaneId, Lane>,
    /// Lanes that have work and a free instance, each once.
    ready: VecDeque<LaneId>,
    /// Instances that must not be started before their time, neither free nor busy.
    resting: BTreeSet<(Instant, LaneId, usize)>,
    /// It was refused a slot.
    refused: bool,
}

/// Tells the schedules apart that share slots.
#[derive(Debug)]
struct Id(u64);

impl Default for Id {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<Ticket>,
    /// Taken back while waiting; skipped when their turn comes. Never the first of those that wait.
    removed: HashSet<Ticket>,
    /// Waiting work that needs the lane to itself: it starts when all before it is done, and all behind it waits for it.
    alone: Vec<Ticket>,
    free: Vec<usize>,
    busy: usize,
    ready: bool,
}

impl Lane {
    fn waits(&self) -> usize {
        self.waiting.len() - self.removed.len()
    }

    /// Whether its next work may start.
    fn may_start(&self) -> bool {
        match self.waiting.front() {
            Some(ticket) if self.is_alone(*ticket) => self.busy == 0,
            Some(_) => !self.free.is_empty(),
            None => false,
        }
    }

    fn is_alone(&self, ticket: Ticket) -> bool {
        !self.alone.is_empty() && self.alone.contains(&ticket)
    }

    fn next(&mut self) -> Option<Ticket> {
        let next = self.waiting.pop_front();
        self.skip_removed();
        next
    }

    fn skip_removed(&mut self) {
        while !self.removed.is_empty() && self.waiting.front().is_some_and(|ticket| self.removed.remove(ticket)) {
            self.waiting.pop_front();
        }
    }
}

impl Schedule {
    /// Opens a lane with this many instances.
    pub fn open(&mut self, lane: LaneId, instances: usize) {
        // The last is taken first: after a quiet time the same few instances serve, and their memory stays warm.
        let free = (0..instances).rev().collect();
        self.lanes.insert(lane, Lane { free, ..Lane::default() });
    }

    /// Closes a lane. Its work must be done or removed.
    pub fn close(&mut self, lane: LaneId) {
        self.lanes.remove(&lane);
        self.ready.retain(|ready| *ready != lane);
        self.forget_rest(lane);
    }

    /// Puts work at the end of its lane.
    pub fn submit(&mut self, lane: LaneId, ticket: Ticket) {
        if let Some(found) = self.lanes.get_mut(&lane) {
            found.waiting.push_back(ticket);
            self.note(lane);
        }
    }

    /// Puts work that had started back in its place: before all that came after it.
    pub fn resubmit(&mut self, lane: LaneId, ticket: Ticket) {
        if let Some(found) = self.lanes.get_mut(&lane) {
            let place = found.waiting.partition_point(|other| *other < ticket);
            found.waiting.insert(place, ticket);
            self.note(lane);
        }
    }

    /// Puts work at the end of its lane that needs the lane to itself. Whoever takes it has to `finish_alone`.
    pub fn submit_alone(&mut self, lane: LaneId, ticket: Ticket) {
        if let Some(found) = self.lanes.get_mut(&lane) {
            found.alone.push(ticket);
        }
        self.submit(lane, ticket);
    }

    /// Takes work back that has not started. Answers whether it was still waiting.
    pub fn remove(&mut self, lane: LaneId, ticket: Ticket) -> bool {
        let Some(found) = self.lanes.get_mut(&lane) else { return false };
        // Work comes in the order of its tickets, so it can be found by halving.
        let waits = found.waiting.binary_search(&ticket).is_ok() && found.removed.insert(ticket);
        if waits {
            found.skip_removed();
            found.alone.retain(|alone| *alone != ticket);
            // What was behind it may not need to wait for it any more.
            self.note(lane);
        }
        waits
    }

    /// Takes back all of a lane's work that has not started.
    pub fn remove_all(&mut self, lane: LaneId) -> Vec<Ticket> {
        let Some(found) = self.lanes.get_mut(&lane) else { return Vec::new() };
        let removed = std::mem::take(&mut found.removed);
        found.alone.clear();
        found.waiting.drain(..).filter(|ticket| !removed.contains(ticket)).collect()
    }

    /// The next work that may start, if a slot is free. Whoever takes it has to `finish` it.
    pub fn take(&mut self, slots: &Slots) -> Option<Turn> {
        let refused = self.refused;
        let turn = self.take_ready(slots);
        if refused && !self.refused {
            slots.content(self.id.0);
        }
        turn
    }

    /// The same for a thread that has just done some of it: nothing while another schedule waits for a slot.
    pub fn take_on(&mut self, slots: &Slots) -> Option<Turn> {
        if slots.others_wait(self.id.0) { None } else { self.take(slots) }
    }

    fn take_ready(&mut self, slots: &Slots) -> Option<Turn> {
        self.refused = false;
        while let Some(lane) = self.ready.front().copied() {
            let Some(found) = self.lanes.get_mut(&lane).filter(|found| found.may_start()) else {
                self.leave_ready();
                continue;
            };
            self.refused = !slots.acquire(self.id.0);
            if self.refused {
                return None;
            }
            // What has the lane to itself needs no instance: all of them may be resting.
            let alone = found.waiting.front().is_some_and(|ticket| found.is_alone(*ticket));
            let (Some(ticket), Some(instance)) = (found.next(), found.free.pop().or(alone.then_some(0))) else {
                unreachable!("a ready lane has work and a free instance");
            };
            found.busy += 1;
            if alone {
                found.alone.retain(|alone| *alone != ticket);
                found.free.clear();
            }
            self.leave_ready();
            self.note(lane);
            return Some(Turn { lane, ticket, instance });
        }
        None
    }

    /// More work for an instance that has just done some, without giving it back; nothing while other lanes wait their turn.
    pub fn go_on(&mut self, lane: LaneId) -> Option<Ticket> {
        if self.ready.iter().any(|ready| *ready != lane) {
            return None;
        }
        let found = self.lanes.get_mut(&lane)?;
        if found.waiting.front().is_some_and(|ticket| found.is_alone(*ticket)) { None } else { found.next() }
    }

    /// Gives an instance and its slot back.
    pub fn finish(&mut self, lane: LaneId, instance: usize, slots: &Slots) {
        slots.release();
        self.give_back(lane, instance);
    }

    /// Gives back the lane that some work had to itself, with as many instances as it has now, and the slot.
    pub fn finish_alone(&mut self, lane: LaneId, instances: usize, slots: &Slots) {
        slots.release();
        if let Some(found) = self.lanes.get_mut(&lane) {
            found.busy -= 1;
            let resting =
                |instance: &usize| self.resting.iter().any(|(_, of, place)| (*of, *place) == (lane, *instance));
            found.free = (0..instances).rev().filter(|instance| !resting(instance)).collect();
            self.note(lane);
        }
    }

    /// Takes a free instance out of turn, for a caller that brings its own thread.
    pub fn borrow(&mut self, lane: LaneId) -> Option<usize> {
        let found = self.lanes.get_mut(&lane)?;
        let instance = found.free.pop()?;
        found.busy += 1;
        Some(instance)
    }

    /// Gives back what was borrowed.
    pub fn give_back(&mut self, lane: LaneId, instance: usize) {
        if let Some(found) = self.lanes.get_mut(&lane) {
            found.busy -= 1;
            found.free.push(instance);
            self.note(lane);
        }
    }

    /// Gives back an instance that must not be started again before a certain time.
    pub fn rest(&mut self, lane: LaneId, instance: usize, until: Instant) {
        if let Some(found) = self.lanes.get_mut(&lane) {
            found.busy -= 1;
            self.resting.insert((until, lane, instance));
            self.note(lane);
        }
    }

    /// The same with its slot.
    pub fn finish_and_rest(&mut self, lane: LaneId, instance: usize, until: Instant, slots: &Slots) {
        slots.release();
        self.rest(lane, instance, until);
    }

    /// Lets those instances be free that have rested.
    pub fn wake(&mut self, now: impl FnOnce() -> Instant) {
        if self.resting.is_empty() {
            return;
        }
        let now = now();
        while let Some((until, lane, instance)) = self.resting.first().copied()
            && until <= now
        {
            self.resting.pop_first();
            if let Some(found) = self.lanes.get_mut(&lane) {
                found.free.push(instance);
                self.note(lane);
            }
        }
    }

    /// When work can start that waits for an instance to have rested.
    pub fn wakes(&self) -> Option<Instant> {
        let awaited = |lane: &LaneId| self.lanes.get(lane).is_some_and(|found| found.waits() > 0 && !found.may_start());
        self.resting.iter().find(|(_, lane, _)| awaited(lane)).map(|(until, ..)| *until)
    }

    /// When the first of a lane's resting instances will have rested.
    pub fn rested(&self, lane: LaneId) -> Option<Instant> {
        self.resting.iter().find(|(_, of, _)| *of == lane).map(|(until, ..)| *until)
    }

    /// A lane's instances are others now.
    pub fn forget_rest(&mut self, lane: LaneId) {
        self.resting.retain(|(_, of, _)| *of != lane);
    }

    /// How much of a lane's work waits, and how many of its instances are at work.
    pub fn load(&self, lane: LaneId) -> (usize, usize) {
        self.lanes.get(&lane).map_or((0, 0), |found| (found.waits(), found.busy))
    }

    /// Whether some lane could start if it had a slot.
    pub fn waits_for_slot(&self) -> bool {
        self.ready.iter().any(|lane| self.lanes.get(lane).is_some_and(Lane::may_start))
    }

    fn note(&mut self, lane: LaneId) {
        if let Some(found) = self.lanes.get_mut(&lane)
            && !found.ready
            && found.may_start()
        {
            found.ready = true;
            self.ready.push_back(lane);
        }
    }

    fn leave_ready(&mut self) {
        if let Some(lane) = self.ready.pop_front()
            && let Some(found) = self.lanes.get_mut(&lane)
        {
            found.ready = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn turns(schedule: &mut Schedule, slots: &Slots) -> Vec<(LaneId, Ticket)> {
        std::iter::from_fn(|| schedule.take(slots)).map(|turn| (turn.lane, turn.ticket)).collect()
    }

    #[test]
    fn one_instance_keeps_the_order() {
        let (mut schedule, slots) = (Schedule::default(), Slots::new(8));
        schedule.open(1, 1);
        for ticket in 1..=3 {
            schedule.submit(1, ticket);
        }
        let first = schedule.take(&slots).unwrap();
        assert_eq!(first.ticket, 1);
        assert_eq!(schedule.take(&slots), None, "its only instance is busy");
        schedule.finish(1, first.instance, &slots);
        assert_eq!(schedule.take(&slots).unwrap().ticket, 2);
    }

    #[test]
    fn what_had_started_goes_on_before_what_came_later() {
        let (mut schedule, slots) = (Schedule::default(), Slots::new(8));
        schedule.open(1, 2);
        schedule.open(2, 1);
        schedule.submit(1, 1);
        schedule.submit(1, 2);
        schedule.submit_alone(1, 3);
        schedule.submit(1, 4);
        schedule.submit(2, 5);
        assert_eq!(turns(&mut schedule, &slots), [(1, 1), (2, 5), (1, 2)]);
        for (ticket, instance) in [(1, 0), (2, 1)] {
            schedule.resubmit(1, ticket);
            schedule.finish(1, instance, &slots);
        }
        assert!(schedule.remove(1, 2), "it waits again");
        assert_eq!(turns(&mut schedule, &slots), [(1, 1)], "what needs the lane to itself waits for it");
        schedule.resubmit(1, 1);
        schedule.finish(1, 0, &slots);
        assert_eq!(schedule.remove_all(1), [1, 3, 4]);
    }

    #[test]
    fn several_instances_run_together() {
        let (mut schedule, slots) = (Schedule::default(), Slots::new(8));
        schedule.open(1, 2);
        for ticket in 1..=3 {
            schedule.submit(1, ticket);
        }
        assert_eq!(turns(&mut schedule, &slots), [(1, 1), (1, 2)]);
    }

    #[test]
    fn lanes_take_turns_for_the_slots() {
        let (mut schedule, slots) = (Schedule::default(), Slots::new(2));
        for lane in 1..=3 {
            schedule.open(lane, 4);
            schedule.submit(lane, lane * 10);
            schedule.submit(lane, lane * 10 + 1);
        }
        assert_eq!(turns(&mut schedule, &slots), [(1, 10), (2, 20)]);
        schedule.finish(1, 0, &slots);
        assert_eq!(turns(&mut schedule, &slots), [(3, 30)], "the third lane has not had a turn yet");
        assert!(schedule.waits_for_slot());
    }

    #[test]
    fn what_was_taken_back_never_starts() {
        let (mut schedule, slots) = (Schedule::default(), Slots::new(8));
        schedule.open(1, 1);
        for ticket in 1..=4 {
            schedule.submit(1, ticket);
        }
        assert!(schedule.remove(1, 1));
        assert!(!schedule.remove(1, 1), "only once");
        let turn = schedule.take(&slots).unwrap();
        assert_eq!(turn.ticket, 2);
        assert!(!schedule.remove(1, 2), "it runs");
        assert!(schedule.remove(1, 3));
        assert_eq!(schedule.remove_all(1), [4]);
        schedule.finish(1, turn.instance, &slots);
        assert_eq!(schedule.take(&slots), None);
        assert_eq!(schedule.load(1), (0, 0));
    }

    #[test]
    fn an_instance_goes_on_only_while_no_other_lane_waits() {
        let (mut schedule, slots) = (Schedule::default(), Slots::new(1));
        schedule.open(1, 1);
        schedule.open(2, 1);
        for ticket in 1..=3 {
            schedule.submit(1, ticket);
        }
        assert_eq!(schedule.take(&slots).unwrap().ticket, 1);
        assert_eq!(schedule.go_on(1), Some(2));
        schedule.submit(2, 9);
        assert_eq!(schedule.go_on(1), None);
    }

    #[test]
    fn what_needs_the_lane_to_itself_waits_for_all_before_it_and_holds_up_all_behind_it() {
        let (mut schedule, slots) = (Schedule::default(), Slots::new(8));
        schedule.open(1, 2);
        schedule.submit(1, 1);
        schedule.submit_alone(1, 2);
        schedule.submit(1, 3);
        schedule.submit(1, 4);
        schedule.submit(1, 5);
        let first = schedule.take(&slots).unwrap();
        assert_eq!(schedule.take(&slots), None, "an instance is free, but not the lane");
        assert_eq!(schedule.go_on(1), None);
        assert!(!schedule.waits_for_slot());
        schedule.finish(1, first.instance, &slots);
        assert_eq!(schedule.take(&slots).unwrap().ticket, 2);
        assert_eq!(schedule.take(&slots), None);
        assert_eq!(schedule.borrow(1), None, "nobody gets an instance meanwhile");
        assert_eq!(schedule.load(1), (3, 1));
        schedule.finish_alone(1, 3, &slots);
        assert_eq!(turns(&mut schedule, &slots), [(1, 3), (1, 4), (1, 5)], "with as many instances as there are now");
    }

    #[test]
    fn what_needs_the_lane_to_itself_holds_up_nothing_once_it_is_taken_back() {
        let (mut schedule, slots) = (Schedule::default(), Slots::new(8));
        schedule.open(1, 2);
        schedule.submit(1, 1);
        schedule.submit_alone(1, 2);
        schedule.submit(1, 3);
        assert_eq!(turns(&mut schedule, &slots), [(1, 1)]);
        assert!(schedule.remove(1, 2));
        assert_eq!(turns(&mut schedule, &slots), [(1, 3)]);
        schedule.submit_alone(1, 4);
        schedule.submit(1, 5);
        assert_eq!(schedule.remove_all(1), [4, 5]);
        schedule.finish(1, 0, &slots);
        schedule.submit(1, 6);
        assert_eq!(turns(&mut schedule, &slots), [(1, 6)]);
    }

    #[test]
    fn what_was_taken_back_from_the_front_holds_up_nothing() {
        let (mut schedule, slots) = (Schedule::default(), Slots::new(8));
        schedule.open(1, 1);
        for ticket in 1..=4 {
            schedule.submit(1, ticket);
        }
        assert!(schedule.remove(1, 2) && schedule.remove(1, 3) && schedule.remove(1, 1));
        assert_eq!(schedule.load(1), (1, 0));
        assert_eq!(schedule.take(&slots).unwrap().ticket, 4);
    }

    #[test]
    fn a_borrowed_instance_is_not_lent_twice() {
        let (mut schedule, slots) = (Schedule::default(), Slots::new(8));
        schedule.open(1, 1);
        let borrowed = schedule.borrow(1).unwrap();
        assert_eq!(schedule.borrow(1), None);
        schedule.submit(1, 1);
        assert_eq!(schedule.take(&slots), None);
        schedule.give_back(1, borrowed);
        assert_eq!(schedule.take(&slots).unwrap().ticket, 1);
    }

    #[test]
    fn a_resting_instance_is_lent_when_its_time_has_come() {
        let (mut schedule, slots, now) = (Schedule::default(), Slots::new(8), Instant::now());
        let later = |milliseconds| now + Duration::from_millis(milliseconds);
        schedule.open(1, 2);
        schedule.submit(1, 1);
        schedule.submit(1, 2);
        assert_eq!(turns(&mut schedule, &slots), [(1, 1), (1, 2)]);
        schedule.finish_and_rest(1, 0, later(20), &slots);
        schedule.finish_and_rest(1, 1, later(10), &slots);
        assert_eq!((schedule.load(1), schedule.wakes(), schedule.rested(1)), ((0, 0), None, Some(later(10))));
        schedule.submit(1, 3);
        schedule.submit(1, 4);
        schedule.wake(|| later(9));
        assert_eq!(schedule.take(&slots), None);
        assert_eq!((schedule.borrow(1), schedule.wakes()), (None, Some(later(10))));
        schedule.wake(|| later(10));
        assert_eq!(schedule.take(&slots).unwrap().instance, 1);
        assert_eq!((schedule.take(&slots), schedule.wakes()), (None, Some(later(20))));
        schedule.wake(|| later(20));
        assert_eq!(schedule.take(&slots).unwrap().instance, 0);
        assert_eq!(schedule.wakes(), None);
    }

    #[test]
    fn what_needs_the_lane_to_itself_does_not_wait_for_rest_and_leaves_it_as_it_was() {
        let (mut schedule, slots, now) = (Schedule::default(), Slots::new(8), Instant::now());
        schedule.open(1, 1);
        schedule.submit(1, 1);
        assert_eq!(turns(&mut schedule, &slots), [(1, 1)]);
        schedule.finish_and_rest(1, 0, now, &slots);
        schedule.submit_alone(1, 2);
        schedule.submit(1, 3);
        assert_eq!(turns(&mut schedule, &slots), [(1, 2)]);
        schedule.finish_alone(1, 1, &slots);
        assert_eq!(schedule.take(&slots), None, "it rests still");
        schedule.submit_alone(1, 4);
        schedule.wake(|| now);
        assert_eq!(turns(&mut schedule, &slots), [(1, 3)]);
        schedule.finish_and_rest(1, 0, now, &slots);
        assert_eq!(turns(&mut schedule, &slots), [(1, 4)]);
        schedule.forget_rest(1);
        schedule.finish_alone(1, 1, &slots);
        schedule.submit(1, 5);
        assert_eq!(turns(&mut schedule, &slots), [(1, 5)]);
        schedule.finish_and_rest(1, 0, now, &slots);
        schedule.close(1);
        assert_eq!(schedule.rested(1), None);
    }

    #[test]
    fn slots_are_shared_between_schedules() {
        let slots = Slots::new(1);
        let (mut one, mut other) = (Schedule::default(), Schedule::default());
        one.open(1, 1);
        other.open(1, 1);
        one.submit(1, 1);
        other.submit(1, 1);
        let turn = one.take(&slots).unwrap();
        assert_eq!(other.take(&slots), None);
        assert!(other.waits_for_slot());
        one.submit(1, 2);
        one.finish(1, turn.instance, &slots);
        assert_eq!(one.take_on(&slots), None, "the other waits");
        let turn = other.take(&slots).unwrap();
        other.finish(1, turn.instance, &slots);
        assert_eq!(one.take_on(&slots).unwrap().ticket, 2, "it does not any more");
    }
}
