using Gantry.Api;
using Gantry.Api.Runtime.Runc;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Runtime.Tasks;
using Xunit;
using Legacy = Gantry.Api.Runtime.LinuxRunc;

namespace Gantry.Runtime.Tests.Tasks;

public sealed class LegacyRuntimeTests
{
    [Fact]
    public void The_program_of_the_container_and_the_ways_of_the_task_become_one()
    {
        TypedBytes container = TypeUrl.Pack(new Legacy.RuncOptions
        {
            Runtime = "crun",
            RuntimeRoot = "/run/own",
            SystemdCgroup = true,
        });
        TypedBytes task = TypeUrl.Pack(new Legacy.CreateOptions
        {
            NoPivotRoot = true,
            ShimCgroup = "/shims",
            IoUid = 7,
            CriuImagePath = "/images",
        });

        Assert.True(LegacyRuntime.TryRuntimeOptions(LegacyRuntime.Task(container, task), out Options? options));

        Assert.Equal(("crun", "/run/own", true), (options.BinaryName, options.Root, options.SystemdCgroup));
        Assert.Equal((true, "/shims", 7u), (options.NoPivotRoot, options.ShimCgroup, options.IoUid));
        Assert.Equal("/images", options.CriuImagePath);
    }

    [Fact]
    public void The_options_of_a_container_alone_count_too()
    {
        TypedBytes container = TypeUrl.Pack(new Legacy.RuncOptions { Runtime = "crun" });

        Assert.True(LegacyRuntime.TryRuntimeOptions(LegacyRuntime.Task(container, task: null), out Options? options));

        Assert.Equal("crun", options.BinaryName);
    }

    [Fact]
    public void A_task_that_is_made_from_a_record_alone_has_them_in_the_new_words()
    {
        ContainerRecord container = new("c1")
        {
            RuntimeName = "io.containerd.runtime.v1.linux",
            RuntimeOptions = TypeUrl.Pack(new Legacy.RuncOptions { Runtime = "crun" }),
            Spec = new TypedBytes("some.Spec", new byte[] { 1 }),
        };

        Assert.True(LegacyRuntime.TryRuntimeOptions(TaskCreation.Of(container).Options, out Options? options));

        Assert.Equal("crun", options.BinaryName);
    }

    [Fact]
    public void Options_of_another_type_are_passed_on_as_they_came()
    {
        TypedBytes container = new("some.Type", new byte[] { 1 });
        TypedBytes task = new("other.Type", new byte[] { 2 });

        Assert.Same(task, LegacyRuntime.Task(container, task));
        Assert.Same(container, LegacyRuntime.Task(container, new TypedBytes("", default)));
        Assert.Same(task, LegacyRuntime.Checkpoint(task));
        Assert.Null(LegacyRuntime.Task(null, null));
    }

    [Fact]
    public void A_checkpoint_keeps_all_that_it_asks_for()
    {
        Legacy.CheckpointOptions old = new()
        {
            Exit = true,
            OpenTcp = true,
            ExternalUnixSockets = true,
            Terminal = true,
            FileLocks = true,
            CgroupsMode = "soft",
            WorkPath = "/work",
            ImagePath = "/images",
            EmptyNamespaces = { "network" },
        };

        TypedBytes options = LegacyRuntime.Checkpoint(TypeUrl.Pack(old))!;

        Assert.Equal(
            new CheckpointOptions
            {
                Exit = true,
                OpenTcp = true,
                ExternalUnixSockets = true,
                Terminal = true,
                FileLocks = true,
                CgroupsMode = "soft",
                WorkPath = "/work",
                ImagePath = "/images",
                EmptyNamespaces = { "network" },
            },
            CheckpointOptions.Parser.ParseFrom(options.Value.Span));
    }

    [Fact]
    public void Bytes_that_make_no_sense_are_refused()
    {
        TypedBytes container = new("containerd.linux.runc.RuncOptions", new byte[] { 0xff });

        GantryException error = Assert.Throws<GantryException>(() => LegacyRuntime.Task(container, null));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
    }
}
