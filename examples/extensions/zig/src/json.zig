//! Reads JSON where it lies. Every value comes as the slice of the text that it is written in, so whatever an extension does not
//! care about stays as it is: numbers with their digits, strings with their escapes, at any depth.

const std = @import("std");

pub const Error = std.json.Scanner.NextError || std.json.Scanner.AllocError;
pub const Kind = std.json.TokenType;
pub const SPACE = " \t\r\n";

pub const Reader = struct {
    scanner: std.json.Scanner,
    arena: std.mem.Allocator,

    pub fn init(arena: std.mem.Allocator, text: []const u8) Reader {
        return .{ .scanner = .initCompleteInput(arena, text), .arena = arena };
    }

    /// What comes next, without reading it.
    pub fn kind(self: *Reader) Error!Kind {
        return self.scanner.peekNextTokenType();
    }

    /// Where the text is read up to: the beginning of what comes next, after `kind`.
    pub fn at(self: Reader) usize {
        return self.scanner.cursor;
    }

    /// Steps into an object or array, or out of it.
    pub fn step(self: *Reader) Error!void {
        _ = try self.scanner.next();
    }

    /// Reads a whole value and answers how it is written.
    pub fn value(self: *Reader) Error![]const u8 {
        _ = try self.kind();
        const begin = self.at();
        try self.scanner.skipValue();
        return self.scanner.input[begin..self.at()];
    }

    /// The next key of the object that the reader is in, or null after the last, when it has left the object.
    pub fn key(self: *Reader) Error!?[]const u8 {
        return switch (try self.scanner.nextAlloc(self.arena, .alloc_if_needed)) {
            .string, .allocated_string => |name| name,
            else => null,
        };
    }

    /// Whether the array that the reader is in has another element; after the last, it has left the array.
    pub fn more(self: *Reader) Error!bool {
        if (try self.kind() != .array_end) return true;
        try self.step();
        return false;
    }
};

/// Reads a whole text; an error if it is not one value.
pub fn check(arena: std.mem.Allocator, text: []const u8, diagnostics: *std.json.Diagnostics) Error!void {
    var scanner: std.json.Scanner = .initCompleteInput(arena, text);
    scanner.enableDiagnostics(diagnostics);
    while (try scanner.next() != .end_of_document) {}
}

/// The members of these names, as they are written; of several with one name the last, and null for what is missing.
pub fn members(arena: std.mem.Allocator, object: []const u8, comptime names: anytype) Error![names.len]?[]const u8 {
    var found: [names.len]?[]const u8 = @splat(null);
    var reader: Reader = .init(arena, object);
    try reader.step();
    while (try reader.key()) |key| {
        const value = try reader.value();
        inline for (names, 0..) |name, index| {
            if (std.mem.eql(u8, key, name)) found[index] = value;
        }
    }
    return found;
}

pub fn isObject(value: []const u8) bool {
    return value[0] == '{';
}

pub fn isArray(value: []const u8) bool {
    return value[0] == '[';
}

pub fn isString(value: []const u8) bool {
    return value[0] == '"';
}

pub fn equals(value: ?[]const u8, written: []const u8) bool {
    return std.mem.eql(u8, value orelse return false, written);
}
