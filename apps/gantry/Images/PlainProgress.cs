using Gantry.Cli.Output;
using Gantry.Transfer.Pull;

namespace Gantry.Cli.Images;

/// <summary>Progress for logs: one line for each step of each part, no more.</summary>
internal sealed class PlainProgress : IProgress<PullProgress>
{
    /// <summary>Guards the table and the order of lines.</summary>
    private readonly Lock _gate = new();
    private readonly Dictionary<string, PullState> _last = [];

    public void Report(PullProgress value)
    {
        if (value.State is PullState.Opened)
        {
            return;
        }

        lock (_gate)
        {
            if (_last.TryGetValue(value.Ref, out PullState state) && state == value.State)
            {
                return;
            }

            _last[value.Ref] = value.State;
            string size = value.Total > 0 ? $" {Human.Size(value.Total)}" : "";
            StandardStreams.Error.WriteLine($"{value.Ref}: {value.State.ToString().ToLowerInvariant()}{size}");
        }
    }
}
