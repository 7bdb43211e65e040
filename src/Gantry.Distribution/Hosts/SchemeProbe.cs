using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Gantry.Distribution.Hosts;

/// <summary>Finds out whether a server on the loopback interface speaks TLS. Its certificate is looked at later.</summary>
internal static class SchemeProbe
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    public static async Task<bool> SpeaksTlsAsync(string host, int port, CancellationToken cancellationToken)
    {
        bool sawCertificate = false;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            using TcpClient client = new();
            await client.ConnectAsync(host, port, limit.Token);
            await using SslStream stream = new(
                client.GetStream(),
                leaveInnerStreamOpen: false,
                (_, _, _, _) =>
                {
                    // That is all there is to know: end the handshake here.
                    sawCertificate = true;
                    return false;
                });
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = host }, limit.Token);
        }
        catch (Exception e) when (e is AuthenticationException or IOException or SocketException)
        {
            return sawCertificate;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return sawCertificate;
        }

        return true;
    }
}
