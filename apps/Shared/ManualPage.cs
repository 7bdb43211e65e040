using System.Globalization;
using System.Text;

namespace Gantry.Manual;

/// <summary>A manual page in the making, in the man(7) language.</summary>
internal sealed class ManualPage
{
    private readonly StringBuilder _text = new();

    // A paragraph right below a heading needs no other beginning.
    private bool _belowHeading;

    /// <summary>Begins a page.</summary>
    /// <param name="name">Its name, such as <c>gantry-run</c>.</param>
    /// <param name="section">Its section.</param>
    /// <param name="version">Of what it is the page.</param>
    public ManualPage(string name, int section, string version)
    {
        Name = name;
        Section = section;
        _text.Append($".TH {Quote(name.ToUpperInvariant())} {section} {Date()} {Quote(version)} \"Gantry manual\"\n");
        _text.Append(".nh\n.ad l\n");
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its section.</summary>
    public int Section { get; }

    /// <summary>Begins a section.</summary>
    public ManualPage Heading(string title)
    {
        _text.Append($".SH {Quote(title)}\n");
        _belowHeading = true;
        return this;
    }

    /// <summary>A paragraph.</summary>
    public ManualPage Paragraph(string text)
    {
        _text.Append(_belowHeading ? "" : ".PP\n").Append(Line(text));
        _belowHeading = false;
        return this;
    }

    /// <summary>A line in which the first word is what is typed.</summary>
    public ManualPage Synopsis(string command, string rest)
    {
        _text.Append($"\\fB{Escape(command)}\\fR {Escape(rest)}".TrimEnd()).Append('\n');
        return this;
    }

    /// <summary>A term and what it means.</summary>
    public ManualPage Term(string term, string value, string meaning)
    {
        _belowHeading = false;
        _text.Append(".TP\n").Append($"\\fB{Escape(term)}\\fR");
        if (value.Length > 0)
        {
            _text.Append($" \\fI{Escape(value)}\\fR");
        }

        _text.Append('\n').Append(Line(meaning.Length > 0 ? meaning : "\u00a0"));
        return this;
    }

    /// <summary>Lines as they are typed, and what they do.</summary>
    public ManualPage Example(string meaning, string command)
    {
        Paragraph(meaning);
        _text.Append(".PP\n.RS 4\n.nf\n").Append(Line(command));
        _text.Append(".fi\n.RE\n");
        return this;
    }

    /// <summary>Other pages.</summary>
    public ManualPage SeeAlso(IEnumerable<(string Name, int Section)> pages)
    {
        Heading("SEE ALSO");
        _text.AppendJoin(",\n", pages.Select(page => $"\\fB{Escape(page.Name)}\\fR({page.Section})")).Append('\n');
        return this;
    }

    /// <summary>Writes it into a directory as <c>NAME.SECTION</c>.</summary>
    public void WriteTo(string directory) => File.WriteAllText(Path.Combine(directory, $"{Name}.{Section}"), _text.ToString());

    // The day of the sources, where a build says it, so that the same sources make the same page.
    private static string Date()
    {
        DateTimeOffset date = long.TryParse(
            Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH"), NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : TimeProvider.System.GetUtcNow();
        return date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    private static string Line(string text)
    {
        string escaped = Escape(text);
        return (escaped[0] is '.' or '\'' ? "\\&" : "") + escaped + "\n";
    }

    private static string Quote(string text) => $"\"{Escape(text).Replace("\"", "\\(dq", StringComparison.Ordinal)}\"";

    private static string Escape(string text)
    {
        StringBuilder escaped = new(text.Length + 16);
        foreach (char c in text)
        {
            _ = c switch
            {
                '\\' => escaped.Append("\\e"),
                '-' => escaped.Append("\\-"),
                '~' => escaped.Append("\\(ti"),
                '^' => escaped.Append("\\(ha"),
                '`' => escaped.Append("\\(ga"),
                '\'' => escaped.Append("\\(aq"),
                '\u00a0' => escaped.Append("\\~"),
                '«' or '»' => escaped.Append("\\(dq"),
                '…' => escaped.Append("..."),
                _ => escaped.Append(c),
            };
        }

        return escaped.ToString();
    }
}
