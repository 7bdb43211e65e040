using System.Runtime.InteropServices;
using Gantry.Api.Types;
using Gantry.Linux.Io;
using Gantry.Linux.Processes;
using Google.Protobuf;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Shim.Events;

/// <summary>
/// Sends events through the daemon's command <c>publish</c>, which takes the event on standard input: for a daemon that did
/// not say where its ttrpc socket is.
/// </summary>
internal sealed class CommandEventSink(string program, string daemonAddress) : IEventSink
{
    public async Task DeliverAsync(Envelope envelope, CancellationToken cancellationToken)
    {
        string path = Spawn.Find(program) ?? throw new FileNotFoundException($"{program}: not found in PATH");
        (SafeFileHandle reader, SafeFileHandle writer) = Descriptors.CreatePipe();
        SpawnedProcess process;
        using (reader)
        {
            process = Spawn.Start(new SpawnRequest
            {
                Program = path,
                Arguments =
                    ["--address", daemonAddress, "publish", "--topic", envelope.Topic, "--namespace", envelope.Namespace],
                Descriptors = new Dictionary<int, SafeHandle> { [0] = reader },
            });
        }

        await using (FileStream input = new(writer, FileAccess.Write, 0))
        {
            await input.WriteAsync(envelope.Event.ToByteArray(), cancellationToken);
        }

        ChildExit exit = await process.Exit.WaitAsync(cancellationToken);
        if (exit.Code != 0)
        {
            throw new IOException($"{path} publish: exit status {exit.Code}");
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
