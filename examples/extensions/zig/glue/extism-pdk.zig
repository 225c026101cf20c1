//! Glue between an extension and the Extism kernel: the part of Extism's Zig PDK that this example uses, with the names it has
//! there, because that PDK is on no package registry.

const std = @import("std");

extern "extism:host/env" fn input_length() u64;
extern "extism:host/env" fn input_load_u8(at: u64) u8;
extern "extism:host/env" fn input_load_u64(at: u64) u64;
extern "extism:host/env" fn alloc(length: u64) u64;
extern "extism:host/env" fn store_u8(at: u64, byte: u8) void;
extern "extism:host/env" fn store_u64(at: u64, eight: u64) void;
extern "extism:host/env" fn output_set(at: u64, length: u64) void;
extern "extism:host/env" fn error_set(at: u64) void;
extern "extism:host/env" fn log_info(at: u64) void;
extern "extism:host/env" fn log_warn(at: u64) void;

pub const LogLevel = enum { Info, Warn };

pub const Plugin = struct {
    allocator: std.mem.Allocator,

    pub fn init(allocator: std.mem.Allocator) Plugin {
        return .{ .allocator = allocator };
    }

    /// The caller owns it.
    pub fn getInput(self: Plugin) ![]u8 {
        const input = try self.allocator.alloc(u8, @intCast(input_length()));
        // The kernel's memory is not the extension's: everything is copied through calls, so eight bytes at a time.
        var at: usize = 0;
        while (at + 8 <= input.len) : (at += 8) std.mem.writeInt(u64, input[at..][0..8], input_load_u64(at), .little);
        while (at < input.len) : (at += 1) input[at] = input_load_u8(at);
        return input;
    }

    pub fn output(_: Plugin, bytes: []const u8) void {
        output_set(store(bytes), bytes.len);
    }

    pub fn setError(_: Plugin, sentence: []const u8) void {
        error_set(store(sentence));
    }

    pub fn log(_: Plugin, level: LogLevel, message: []const u8) void {
        switch (level) {
            .Info => log_info(store(message)),
            .Warn => log_warn(store(message)),
        }
    }
};

/// A block in the kernel's memory; an extension that gets none has outgrown its memory and ends.
fn store(bytes: []const u8) u64 {
    const block = alloc(bytes.len);
    if (block == 0 and bytes.len > 0) @trap();
    var at: usize = 0;
    while (at + 8 <= bytes.len) : (at += 8) store_u64(block + at, std.mem.readInt(u64, bytes[at..][0..8], .little));
    while (at < bytes.len) : (at += 1) store_u8(block + at, bytes[at]);
    return block;
}
