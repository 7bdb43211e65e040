namespace Gantry.Transfer.Conversion;

/// <summary>Whose media types an image has.</summary>
public enum MediaTypeFamily
{
    /// <summary>Those that it has.</summary>
    Same = 0,

    /// <summary>Those of the OCI image specification.</summary>
    Oci,

    /// <summary>Those of Docker's schema 2, which knows neither annotations nor zstd.</summary>
    Docker,
}
