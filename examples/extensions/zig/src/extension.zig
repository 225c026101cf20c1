//! A Morphir extension that documents what is not documented. The exports are those of the protocol: `initialize`,
//! `capabilities`, and the methods `transform` and `echo`. Each answers 0, or 1 and an error: one sentence that says what is wrong.

const std = @import("std");
const pdk = @import("extism-pdk");
const json = @import("json.zig");
const document = @import("document.zig");

const allocator = std.heap.wasm_allocator;

const NOT_DOCUMENTED = "\"Not documented yet.\"";

/// The text for modules without one, as it is written in JSON; in the instance's memory from `initialize` on.
var default_text: []const u8 = NOT_DOCUMENTED;

const Method = fn (*document.Document, []const u8) document.Failure![]const u8;

export fn initialize() i32 {
    return run("config is", takeConfig);
}

export fn capabilities() i32 {
    pdk.Plugin.init(allocator).output(@embedFile("capabilities.json"));
    return 0;
}

export fn transform() i32 {
    return run("params are", transformParams);
}

export fn echo() i32 {
    return run("params are", answerParams);
}

fn takeConfig(self: *document.Document, config: []const u8) document.Failure![]const u8 {
    self.text = NOT_DOCUMENTED;
    try self.configure(std.mem.trim(u8, config, json.SPACE), "config must be an object");
    default_text = try allocator.dupe(u8, self.text);
    return "{\"status\":\"ready\"}";
}

fn transformParams(self: *document.Document, params: []const u8) document.Failure![]const u8 {
    return self.transform(std.mem.trim(u8, params, json.SPACE));
}

fn answerParams(_: *document.Document, params: []const u8) document.Failure![]const u8 {
    return params;
}

/// One call: from its input, which has to be JSON, to its output or its error. What it allocated goes at its end.
fn run(comptime what: []const u8, comptime method: Method) i32 {
    var arena: std.heap.ArenaAllocator = .init(allocator);
    defer arena.deinit();
    const plugin: pdk.Plugin = .init(arena.allocator());
    var self: document.Document = .{ .arena = arena.allocator(), .text = default_text };
    const output = answer(plugin, &self, what, method) catch |failure| {
        // Without memory the extension ends, and its host sees why.
        if (failure == error.OutOfMemory) @trap();
        plugin.setError(self.problem);
        return 1;
    };
    if (self.line.len > 0) plugin.log(.Info, self.line);
    plugin.output(output);
    return 0;
}

fn answer(plugin: pdk.Plugin, self: *document.Document, comptime what: []const u8, comptime method: Method) document.Failure![]const u8 {
    const input = try plugin.getInput();
    var diagnostics: std.json.Diagnostics = .{};
    json.check(self.arena, input, &diagnostics) catch |failure| {
        if (failure == error.OutOfMemory) return failure;
        const why = if (failure == error.UnexpectedEndOfInput) "it ends too early" else "something else was expected";
        const sentence = what ++ " not JSON: {s}, at line {d} column {d}";
        self.problem = try std.fmt.allocPrint(self.arena, sentence, .{ why, diagnostics.getLine(), diagnostics.getColumn() });
        return error.Refused;
    };
    return method(self, input);
}
