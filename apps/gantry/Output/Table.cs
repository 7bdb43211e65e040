namespace Gantry.Cli.Output;

/// <summary>Rows of text under a header, in columns that line up.</summary>
internal sealed class Table
{
    private const string Gap = "   ";
    private readonly List<string[]> _rows = [];

    public Table(params string[] header) => _rows.Add(header);

    public void Add(params string[] row) => _rows.Add(row);

    public void WriteTo(TextWriter writer)
    {
        int columns = _rows[0].Length;
        int[] widths = new int[columns];
        foreach (string[] row in _rows)
        {
            for (int i = 0; i < columns; i++)
            {
                row[i] = row[i].Length == 0 ? "-" : row[i].ReplaceLineEndings(" ");
                widths[i] = Math.Max(widths[i], row[i].Length);
            }
        }

        foreach (string[] row in _rows)
        {
            for (int i = 0; i < columns - 1; i++)
            {
                writer.Write(row[i].PadRight(widths[i]));
                writer.Write(Gap);
            }

            writer.WriteLine(row[^1]);
        }
    }
}
