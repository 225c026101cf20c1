const std = @import("std");

pub fn build(b: *std.Build) void {
    const target = b.resolveTargetQuery(.{ .cpu_arch = .wasm32, .os_tag = .freestanding });
    // The official PDK can take its place, as a dependency in build.zig.zon.
    const pdk = b.createModule(.{ .root_source_file = b.path("glue/extism-pdk.zig"), .target = target, .optimize = .ReleaseSmall });
    const extension = b.addExecutable(.{
        .name = "extension",
        .root_module = b.createModule(.{
            .root_source_file = b.path("src/extension.zig"),
            .target = target,
            .optimize = .ReleaseSmall,
            .strip = true,
            .imports = &.{.{ .name = "extism-pdk", .module = pdk }},
        }),
    });
    // A library of functions for the host to call, without a `main`.
    extension.entry = .disabled;
    extension.rdynamic = true;
    // Zig's own choice, 16 MiB, would count towards every instance's memory.
    extension.stack_size = 64 * 1024;
    b.installArtifact(extension);

    const tests = b.addTest(.{ .root_module = b.createModule(.{ .root_source_file = b.path("src/document.zig"), .target = b.graph.host }) });
    b.step("test", "Runs the tests natively").dependOn(&b.addRunArtifact(tests).step);
}
