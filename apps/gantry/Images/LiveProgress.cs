using Gantry.Cli.Output;
using Gantry.Transfer.Pull;
using Spectre.Console;

namespace Gantry.Cli.Images;

/// <summary>Progress for people: a bar for each part, redrawn in place on standard error.</summary>
internal sealed class LiveProgress : IProgress<PullProgress>
{
    private const int ShownRef = 40;

    /// <summary>Guards the table; the bars guard themselves.</summary>
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ProgressTask> _bars = [];
    private readonly ProgressContext _context;

    private LiveProgress(ProgressContext context) => _context = context;

    public static async Task<T> ShowAsync<T>(Func<IProgress<PullProgress>, Task<T>> work)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(StandardStreams.Error),
            Interactive = InteractionSupport.Yes,
            Ansi = AnsiSupport.Yes,
        });
        return await console.Progress()
            .AutoClear(false)
            .HideCompleted(false)
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn { Width = 30 },
                new DownloadedColumn(),
                new TransferSpeedColumn())
            .StartAsync(context => work(new LiveProgress(context)));
    }

    public void Report(PullProgress value)
    {
        if (value.State is PullState.Opened)
        {
            return;
        }

        ProgressTask bar;
        lock (_gate)
        {
            if (!_bars.TryGetValue(value.Ref, out ProgressTask? known))
            {
                known = _context.AddTask(Markup.Escape(Describe(value)), autoStart: true, maxValue: 1);
                _bars.Add(value.Ref, known);
            }

            bar = known;
        }

        bar.Description = Markup.Escape(Describe(value));
        bar.MaxValue = Math.Max(value.Total, 1);
        bool done = value.State is PullState.Done or PullState.Exists or PullState.Resolved;
        bar.Value = done ? bar.MaxValue : Math.Min(value.Offset, bar.MaxValue);
    }

    private static string Describe(PullProgress value)
    {
        string name = value.Ref.Length > ShownRef ? value.Ref[..ShownRef] : value.Ref;
        return $"{name.PadRight(ShownRef)} {value.State.ToString().ToLowerInvariant(),-11}";
    }
}
