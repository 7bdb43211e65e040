using System.Diagnostics.CodeAnalysis;
using Gantry.Api;
using Gantry.Api.Runtime.Runc;
using Gantry.Core;
using Gantry.Core.Errors;
using Google.Protobuf;
using Legacy = Gantry.Api.Runtime.LinuxRunc;

namespace Gantry.Runtime.Tasks;

/// <summary>
/// Options in the words of <c>io.containerd.runtime.v1.linux</c>, said in those of its successor, which is all that a shim
/// knows. Options of other types are passed on as they came.
/// </summary>
public static class LegacyRuntime
{
    private const string OptionsType = "containerd.runc.v1.Options";
    private const string RuncType = "containerd.linux.runc.RuncOptions";
    private const string CreateType = "containerd.linux.runc.CreateOptions";
    private const string CheckpointType = "containerd.linux.runc.CheckpointOptions";

    /// <summary>
    /// The options of a task: its own, or else its container's. Where the old runtime splits them (which program in the
    /// container's, how in the task's) both count.
    /// </summary>
    /// <param name="container">The options of the container's runtime.</param>
    /// <param name="task">The options of the task.</param>
    public static TypedBytes? Task(TypedBytes? container, TypedBytes? task)
    {
        bool isOld = Is(container, RuncType) || Is(task, CreateType);
        if (!isOld)
        {
            return task is { TypeUrl.Length: > 0 } own ? own : container;
        }

        Options options = TryRuntimeOptions(container, out Options? known) ? known : new Options();
        if (Is(container, RuncType))
        {
            Legacy.RuncOptions runc = Parse(Legacy.RuncOptions.Parser, container);
            options.BinaryName = runc.Runtime;
            options.Root = runc.RuntimeRoot;
            options.SystemdCgroup = runc.SystemdCgroup;
        }

        if (Is(task, CreateType))
        {
            Legacy.CreateOptions create = Parse(Legacy.CreateOptions.Parser, task);
            options.NoPivotRoot = create.NoPivotRoot;
            options.NoNewKeyring = create.NoNewKeyring;
            options.ShimCgroup = create.ShimCgroup;
            options.IoUid = create.IoUid;
            options.IoGid = create.IoGid;
            options.CriuImagePath = create.CriuImagePath;
            options.CriuWorkPath = create.CriuWorkPath;
        }
        else if (TryRuntimeOptions(task, out Options? own))
        {
            options.MergeFrom(own);
        }

        return TypeUrl.Pack(OptionsType, options);
    }

    /// <summary>The options of a checkpoint.</summary>
    /// <param name="options">As they came.</param>
    public static TypedBytes? Checkpoint(TypedBytes? options)
    {
        if (!Is(options, CheckpointType))
        {
            return options;
        }

        Legacy.CheckpointOptions old = Parse(Legacy.CheckpointOptions.Parser, options);
        CheckpointOptions result = new()
        {
            Exit = old.Exit,
            OpenTcp = old.OpenTcp,
            ExternalUnixSockets = old.ExternalUnixSockets,
            Terminal = old.Terminal,
            FileLocks = old.FileLocks,
            CgroupsMode = old.CgroupsMode,
            WorkPath = old.WorkPath,
            ImagePath = old.ImagePath,
        };
        result.EmptyNamespaces.Add(old.EmptyNamespaces);
        return TypeUrl.Pack("containerd.runc.v1.CheckpointOptions", result);
    }

    /// <summary>Reads options of an OCI runtime; false when they are of another type, or none.</summary>
    /// <param name="options">As they came, or as <see cref="Task"/> has said them.</param>
    /// <param name="known">What they say.</param>
    public static bool TryRuntimeOptions(TypedBytes? options, [NotNullWhen(true)] out Options? known)
    {
        known = Is(options, OptionsType) ? Parse(Options.Parser, options) : null;
        return known is not null;
    }

    private static bool Is([NotNullWhen(true)] TypedBytes? options, string type) =>
        options is not null && options.TypeUrl.EndsWith(type, StringComparison.Ordinal);

    private static T Parse<T>(MessageParser<T> parser, TypedBytes options)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(options.Value.Span);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"options of type {options.TypeUrl}: malformed", e);
        }
    }
}
