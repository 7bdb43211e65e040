using System.Globalization;
using System.Text;

namespace Gantry.Shim.Logging;

/// <summary>
/// The shim's log: a line an event, on standard error, which the daemon reads. The daemon may be away, so a line that finds
/// no room is dropped.
/// </summary>
internal sealed class ShimLog(TimeProvider time, string ns, string id, bool debug)
{
    public void Debug(string message)
    {
        if (debug)
        {
            Write("debug", message, null);
        }
    }

    public void Info(string message) => Write("info", message, null);

    public void Warning(string message, Exception? e = null) => Write("warning", message, e);

    public void Error(string message, Exception? e = null) => Write("error", message, e);

    private void Write(string level, string message, Exception? e)
    {
        StringBuilder line = new(160);
        line.Append(CultureInfo.InvariantCulture, $"time=\"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffffffZ}\" level={level} ");
        Append(line, "msg", message);
        if (e is not null)
        {
            Append(line.Append(' '), "error", e.Message);
        }

        Append(line.Append(' '), "namespace", ns);
        Append(line.Append(' '), "id", id);
        StandardStreams.WriteError(line.Append('\n').ToString());
    }

    private static void Append(StringBuilder line, string key, string value)
    {
        line.Append(key).Append("=\"");
        foreach (char c in value)
        {
            line.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                _ => c.ToString(),
            });
        }

        line.Append('"');
    }
}
