//! Documents the modules of a Morphir IR that have no documentation.

const std = @import("std");
const json = @import("json.zig");

pub const Failure = json.Error || error{Refused};

pub const Document = struct {
    arena: std.mem.Allocator,
    /// The text for modules that have none, as it is written in JSON.
    text: []const u8,
    /// Why it was refused: a sentence.
    problem: []const u8 = "",
    /// A line for the log.
    line: []const u8 = "",

    /// `{"ir", "options"?}` → `{"transformed", "documented", "output"}`
    pub fn transform(self: *Document, params: []const u8) Failure![]const u8 {
        const ir, const options = if (json.isObject(params)) try json.members(self.arena, params, .{ "ir", "options" }) else .{ null, null };
        if (ir == null or !json.isObject(ir.?)) return self.refuse("params need an \"ir\" that is an object");
        if (options) |given| try self.configure(given, "options must be an object");

        const version, const distribution = try json.members(self.arena, ir.?, .{ "formatVersion", "distribution" });
        var library: Library = .{ .document = self, .source = ir.? };
        if (json.equals(version, "3")) {
            try library.read(distribution orelse "null");
        } else {
            self.line = "passed through an IR of another format version";
        }
        var output: std.ArrayList(u8) = .empty;
        try output.ensureTotalCapacity(self.arena, ir.?.len + 1024);
        try output.print(self.arena, "{{\"transformed\":{},\"documented\":{d},\"output\":", .{ library.documented > 0, library.documented });
        try library.write(&output);
        try output.append(self.arena, '}');
        return output.items;
    }

    /// Takes the text that an object has for the modules, where it has one.
    pub fn configure(self: *Document, object: []const u8, sentence: []const u8) Failure!void {
        if (!json.isObject(object)) return self.refuse(sentence);
        const found = try json.members(self.arena, object, .{"documentation"});
        const text = found[0] orelse return;
        if (!json.isString(text) or json.equals(text, "\"\"")) return self.refuse("documentation must be a text that is not empty");
        self.text = text;
    }

    fn refuse(self: *Document, sentence: []const u8) error{Refused} {
        self.problem = sentence;
        return error.Refused;
    }
};

/// A distribution that is a library, and what is to change in its IR.
const Library = struct {
    document: *Document,
    /// The IR as it is written.
    source: []const u8,
    edits: std.ArrayList(Edit) = .empty,
    documented: usize = 0,

    /// A part of the source, by its place, and what comes in its stead.
    const Edit = struct { begin: usize, end: usize, parts: [3][]const u8 };

    /// `["Library", packagePath, dependencies, {"modules": [...]}]`
    fn read(self: *Library, distribution: []const u8) Failure!void {
        const arena = self.document.arena;
        if (!json.isArray(distribution)) return self.shapeless("its distribution is not a list");
        var reader: json.Reader = .init(arena, distribution);
        try reader.step();
        var parts: [4][]const u8 = @splat("null");
        for (&parts) |*part| {
            if (!try reader.more()) break;
            part.* = try reader.value();
        }
        if (!json.equals(parts[0], "\"Library\"")) return self.shapeless("its distribution is not a Library");
        const name = try self.packageName(parts[1]);
        const modules = if (json.isObject(parts[3])) (try json.members(arena, parts[3], .{"modules"}))[0] orelse "null" else "null";
        if (!json.isArray(modules)) return self.shapeless("its package definition has no list of them");
        const count = try self.readModules(modules);
        self.document.line = try std.fmt.allocPrint(arena, "documented {d} of {d} modules of {s}", .{ self.documented, count, name });
    }

    /// A package's path as people write it: [["tide","water"],["u","s"]] is TideWater.US.
    fn packageName(self: *Library, path: []const u8) Failure![]const u8 {
        const arena = self.document.arena;
        const words = std.json.parseFromSliceLeaky([]const []const []const u8, arena, path, .{}) catch |problem| switch (problem) {
            error.OutOfMemory => return error.OutOfMemory,
            else => return self.shapeless("its package path is not a list of names"),
        };
        var name: std.ArrayList(u8) = .empty;
        for (words, 0..) |part, index| {
            if (index > 0) try name.append(arena, '.');
            for (part) |word| {
                if (word.len == 0) continue;
                // The words of names are ASCII; a letter of another script stays as it is.
                try name.append(arena, std.ascii.toUpper(word[0]));
                try name.appendSlice(arena, word[1..]);
            }
        }
        return name.items;
    }

    fn readModules(self: *Library, modules: []const u8) Failure!usize {
        var count: usize = 0;
        var reader: json.Reader = .init(self.document.arena, modules);
        const offset = modules.ptr - self.source.ptr;
        try reader.step();
        while (try reader.more()) : (count += 1) try self.readModule(&reader, offset, count);
        return count;
    }

    /// `[modulePath, {"access", "value": {"types", "values", "doc"?}}]`
    fn readModule(self: *Library, reader: *json.Reader, offset: usize, index: usize) Failure!void {
        try self.enterPair(reader, index);
        var has_definition = false;
        while (try reader.key()) |key| {
            if (std.mem.eql(u8, key, "value")) {
                if (try reader.kind() != .object_begin) return self.misshapen(index);
                has_definition = true;
                try self.readDefinition(reader, offset);
            } else {
                _ = try reader.value();
            }
        }
        if (!has_definition) return self.misshapen(index);
        while (try reader.more()) _ = try reader.value();
    }

    fn enterPair(self: *Library, reader: *json.Reader, index: usize) Failure!void {
        if (try reader.kind() != .array_begin) return self.misshapen(index);
        try reader.step();
        if (!try reader.more()) return self.misshapen(index);
        _ = try reader.value();
        if (!try reader.more() or try reader.kind() != .object_begin) return self.misshapen(index);
        try reader.step();
    }

    fn readDefinition(self: *Library, reader: *json.Reader, offset: usize) Failure!void {
        try reader.step();
        const inside = offset + reader.at();
        const empty = try reader.kind() == .object_end;
        var doc: ?Edit = null;
        while (try reader.key()) |key| {
            const written = try reader.value();
            if (!std.mem.eql(u8, key, "doc")) continue;
            const end = offset + reader.at();
            doc = .{ .begin = end - written.len, .end = end, .parts = .{ written, "", "" } };
        }
        const arena = self.document.arena;
        if (doc) |*edit| {
            if (!json.equals(edit.parts[0], "null") and !json.equals(edit.parts[0], "\"\"")) return;
            edit.parts[0] = self.document.text;
            try self.edits.append(arena, edit.*);
        } else {
            const comma = if (empty) "" else ",";
            try self.edits.append(arena, .{ .begin = inside, .end = inside, .parts = .{ "\"doc\":", self.document.text, comma } });
        }
        self.documented += 1;
    }

    /// The IR with its changes.
    fn write(self: *Library, output: *std.ArrayList(u8)) error{OutOfMemory}!void {
        const arena = self.document.arena;
        var copied: usize = 0;
        for (self.edits.items) |edit| {
            try output.appendSlice(arena, self.source[copied..edit.begin]);
            for (edit.parts) |part| try output.appendSlice(arena, part);
            copied = edit.end;
        }
        try output.appendSlice(arena, self.source[copied..]);
    }

    fn shapeless(self: *Library, comptime why: []const u8) error{Refused} {
        return self.document.refuse("the IR has no modules: " ++ why);
    }

    fn misshapen(self: *Library, index: usize) Failure {
        const sentence = "the IR has no modules: the entry at index {d} is not a path and a definition";
        return self.document.refuse(try std.fmt.allocPrint(self.document.arena, sentence, .{index}));
    }
};

test "what is not documented is documented, and nothing else changes" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var document: Document = .{ .arena = arena.allocator(), .text = "\"?\"" };
    const params =
        \\{"ir": {"formatVersion": 3, "distribution": ["Library", [["tide", "water"], ["u", "s"]], [], {"modules": [
        \\  [[["a"]], {"value": {"doc": null, "n": 1.0}}], [[["b"]], {"value": { }}], [[["c"]], {"value": {"doc": "C"}}]]}]}}
    ;
    const expected =
        \\{"transformed":true,"documented":2,"output":{"formatVersion": 3, "distribution": ["Library", [["tide", "water"], ["u", "s"]], [], {"modules": [
        \\  [[["a"]], {"value": {"doc": "?", "n": 1.0}}], [[["b"]], {"value": {"doc":"?" }}], [[["c"]], {"value": {"doc": "C"}}]]}]}}
    ;
    try std.testing.expectEqualStrings(expected, try document.transform(params));
    try std.testing.expectEqualStrings("documented 2 of 3 modules of TideWater.US", document.line);
}
