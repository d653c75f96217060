using System.Globalization;

namespace DistAttention;

/// <summary>
/// Pixels of an image, laid out row by row from <see cref="Start"/> on, see the pixels within a window around them
/// (Image Transformer, Parmar et al. 2018; neighbourhood attention, Hassani et al. 2023, without its shift at the edges). A window of one
/// row or one column is axial attention (Ho et al. 2019). Positions outside the image see nothing and are seen by none.
/// </summary>
public sealed record ImageMask : AttentionMask
{
    /// <summary>Makes the mask.</summary>
    /// <param name="height">See <see cref="Height"/>.</param>
    /// <param name="width">See <see cref="Width"/>.</param>
    /// <param name="windowHeight">See <see cref="WindowHeight"/>.</param>
    /// <param name="windowWidth">See <see cref="WindowWidth"/>.</param>
    /// <param name="start">See <see cref="Start"/>.</param>
    public ImageMask(int height, int width, int? windowHeight, int? windowWidth, long start)
    {
        Height = (int)MaskRules.InRange(height, nameof(Height), 1, int.MaxValue);
        Width = (int)MaskRules.InRange(width, nameof(Width), 1, int.MaxValue);
        Start = MaskRules.InRange(start, nameof(Start), 0);
        WindowHeight = Odd(windowHeight, nameof(WindowHeight));
        WindowWidth = Odd(windowWidth, nameof(WindowWidth));
        MaskRules.InRange((long)height * width, nameof(Height), 1);
    }

    /// <summary>Rows of pixels.</summary>
    public int Height { get; }

    /// <summary>Pixels per row.</summary>
    public int Width { get; }

    /// <summary>Rows of the window around a pixel, odd; null: all.</summary>
    public int? WindowHeight { get; }

    /// <summary>Columns of the window around a pixel, odd; null: all.</summary>
    public int? WindowWidth { get; }

    /// <summary>Position of the first pixel.</summary>
    public long Start { get; }

    /// <summary>The positions of the image.</summary>
    public PositionRange Extent => new(Start, Start + ((long)Height * Width));

    /// <summary>Rows that a pixel sees on each side of its own.</summary>
    public int RowReach => WindowHeight is { } rows ? rows / 2 : Height;

    /// <summary>Columns that a pixel sees on each side of its own.</summary>
    public int ColumnReach => WindowWidth is { } columns ? columns / 2 : Width;

    /// <inheritdoc/>
    public override bool IsVisible(long qPos, long kvPos)
    {
        PositionRange image = Extent;
        if (qPos < image.Start || qPos >= image.End || kvPos < image.Start || kvPos >= image.End)
        {
            return false;
        }

        (long qRow, long qColumn) = Math.DivRem(qPos - Start, Width);
        (long kvRow, long kvColumn) = Math.DivRem(kvPos - Start, Width);
        return Math.Abs(qRow - kvRow) <= RowReach && Math.Abs(qColumn - kvColumn) <= ColumnReach;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        string window = (WindowHeight, WindowWidth) switch
        {
            (1, null) => "rows",
            (null, 1) => "columns",
            (int h, int w) when h == w => $"window={h}",
            _ => $"window={Text(WindowHeight)}x{Text(WindowWidth)}",
        };
        return string.Create(CultureInfo.InvariantCulture, $"image:{Height},{Width},{window}{(Start == 0 ? "" : $",start={Start}")}");
    }

    private static int? Odd(int? window, string property)
    {
        Ensure.That(window is null or > 0 && (window is null || int.IsOddInteger(window.Value)), property, $"{window} is not an odd number");
        return window;
    }

    private static string Text(int? window) => window?.ToString(CultureInfo.InvariantCulture) ?? "all";

    private protected override void Describe(MaskDigest digest) =>
        digest.Kind("image").Add(Height).Add(Width).Add((long?)WindowHeight).Add((long?)WindowWidth).Add(Start);
}
