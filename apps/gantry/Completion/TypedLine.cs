using System.CommandLine;

namespace Gantry.Cli.Completion;

/// <summary>What the words before the one that is being completed amount to.</summary>
internal sealed class TypedLine
{
    private readonly RootCommand _root;
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private int _arguments;

    private TypedLine(RootCommand root)
    {
        _root = root;
        Command = root;
    }

    /// <summary>The command.</summary>
    public Command Command { get; private set; }

    /// <summary>The option whose value comes next; null when none does.</summary>
    public Option? Waiting { get; private set; }

    /// <summary>Whether no more options are read.</summary>
    public bool OptionsEnded { get; private set; }

    /// <summary>The argument that comes next; null when none does.</summary>
    public Argument? Argument
    {
        get
        {
            int count = _arguments;
            foreach (Argument argument in Command.Arguments)
            {
                if (count < argument.Arity.MaximumNumberOfValues)
                {
                    return argument;
                }

                count -= argument.Arity.MaximumNumberOfValues;
            }

            return null;
        }
    }

    /// <summary>The options that the command takes, those of the commands above it among them.</summary>
    public IEnumerable<Option> Options
    {
        get
        {
            IEnumerable<Option> options = Command.Options;
            for (Command? above = Above(Command); above is not null; above = Above(above))
            {
                options = options.Concat(above.Options.Where(o => o.Recursive));
            }

            return options;
        }
    }

    /// <summary>Reads words.</summary>
    public static TypedLine Read(RootCommand root, IEnumerable<string> words)
    {
        TypedLine line = new(root);
        foreach (string word in words)
        {
            line.Take(word);
        }

        return line;
    }

    /// <summary>The option of a name; null when there is none.</summary>
    public Option? Find(string name) => Options.FirstOrDefault(o => o.Name == name || o.Aliases.Contains(name));

    /// <summary>The value that an option was given; null when it was not.</summary>
    public string? ValueOf(Option option) => _values.GetValueOrDefault(option.Name);

    private static Command? Above(Command command) => command.Parents.OfType<Command>().FirstOrDefault();

    private void Take(string word)
    {
        if (Waiting is { } waiting)
        {
            _values[waiting.Name] = word;
            Waiting = null;
        }
        else if (OptionsEnded || word.Length < 2 || word[0] != '-')
        {
            TakeWord(word);
        }
        else if (word == "--")
        {
            OptionsEnded = true;
        }
        else
        {
            TakeOption(word);
        }
    }

    private void TakeWord(string word)
    {
        Command? below = _arguments > 0 ? null : Command.Subcommands.FirstOrDefault(c => c.Name == word || c.Aliases.Contains(word));
        if (below is not null)
        {
            Command = below;
            return;
        }

        _arguments++;

        // All that follows the image or the container is the command that is to run there.
        OptionsEnded |= Command.Name is CommandLine.CommandOfContainer.RunName
            or CommandLine.CommandOfContainer.CreateName or CommandLine.CommandOfContainer.ExecName
            && Command.Parents.Contains(_root);
    }

    private void TakeOption(string word)
    {
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        if (equals > 0)
        {
            if (Find(word[..equals]) is { } given)
            {
                _values[given.Name] = word[(equals + 1)..];
            }

            return;
        }

        // -it is -i -t, and only the last of them may have a value.
        Option? option = Find(word) ?? (word[1] == '-' ? null : Find("-" + word[^1]));
        Waiting = option is not null && option.ValueType != typeof(bool) && option.Arity.MaximumNumberOfValues > 0
            ? option
            : null;
    }
}
