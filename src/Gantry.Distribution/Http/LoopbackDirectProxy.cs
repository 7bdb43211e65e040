using System.Net;

namespace Gantry.Distribution.Http;

/// <summary>The proxy that the environment names, except for what is on this machine.</summary>
/// <param name="inner">That proxy.</param>
internal sealed class LoopbackDirectProxy(IWebProxy inner) : IWebProxy
{
    public ICredentials? Credentials
    {
        get => inner.Credentials;
        set => inner.Credentials = value;
    }

    public Uri? GetProxy(Uri destination) => Loopback.Is(destination) ? null : inner.GetProxy(destination);

    public bool IsBypassed(Uri host) => Loopback.Is(host) || inner.IsBypassed(host);
}
