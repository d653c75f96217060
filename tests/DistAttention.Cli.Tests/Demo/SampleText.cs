namespace DistAttention.Cli.Tests.Demo;

/// <summary>A made-up handbook of a lighthouse, long enough to get lost in, written for these tests.</summary>
internal static class SampleText
{
    public const string Handbook =
        """
        HANDBOOK FOR THE KEEPERS OF GANNET ROCK

        1. The lamp

        The lamp is lit half an hour before sunset and put out half an hour after
        sunrise. In fog it burns by day as well. The keeper on watch trims the wick
        every four hours and enters the hour in the log.

        The lens is cleaned every morning with a soft cloth and vinegar. Never use
        sand or spirits: they scratch the glass, and a scratched lens throws its light
        into the sea instead of over it.

        The clockwork that turns the lens is wound every ninety minutes. One turn of
        the lens takes thirty seconds; the flash of Gannet Rock is two short and one
        long, and no other light on this coast shows the same.

        2. Oil and stores

        Oil comes with the tender in May and in September. Each delivery is forty
        barrels. The keeper signs for them only after sounding every barrel with the
        rod, for water lies at the bottom of a bad one.

        Oil is kept in the lower vault, away from the stove. Nobody carries an open
        flame below the second landing. A keeper who smokes in the vault is dismissed.

        Flour, salt pork, peas and tea are drawn from the upper store on Saturdays.
        What is left over at the end of the quarter belongs to the keepers in equal
        parts.

        3. The log

        The log is the property of the Board and may not leave the rock. Every watch
        writes down the wind, the weather, the height of the barometer and the ships
        that pass. A ship that does not answer the signal is entered in red ink.

        Copies of the log are sent to the Board with the tender. The Board may publish
        them, in whole or in part, without asking the keepers; the keepers may publish
        nothing without the written consent of the Board.

        4. Watches

        There are three keepers: the principal and two assistants. A watch lasts four
        hours. Nobody stands two watches in a row unless another keeper is ill.

        The keeper on watch may not sleep, read or play cards. Mending nets and
        carving are allowed, since they keep the hands busy and leave the eyes free.

        5. Storms and wrecks

        When the barometer falls below twenty-nine inches the shutters are closed on
        the weather side and the boat is hauled above the high mark.

        If a vessel strikes, the bell is rung and three rockets are fired, a minute
        apart. The boat is launched only in daylight and only with two keepers aboard,
        so that the lamp is never left alone.

        Survivors are given dry clothes, soup and the beds of the keepers. Their names
        are written in the log. Nothing that washes ashore belongs to the keepers:
        wreckage is the property of the Crown and is held for the receiver.

        6. Animals

        One cat is allowed, for the rats. Goats are not allowed, since they eat the
        turf that holds the path together. Birds that strike the lantern are counted
        by kind and reported to the Museum of Natural History each spring.

        7. Pay and leave

        The principal is paid eighty pounds a year and an assistant fifty-five. Pay is
        drawn at the harbour office, never on the rock.

        Each keeper has six weeks of leave in a year, taken when the tender calls. A
        keeper who marries may ask for a shore station after ten years of service.

        8. Liability

        The Board is not liable for loss of property on the rock, whether by sea,
        lightning or theft. It provides the rock, the tower and the stores as they
        are, without warranty of any kind.

        Keepers are liable for what they break by carelessness. They are not liable
        for what the sea breaks.

        9. The tide gauge

        The tide gauge stands in the well under the landing. It is read at every
        change of the watch. The float must hang free: weed is pulled off it with the
        hook, never by hand, because the chain has taken a finger before.

        10. Visitors

        Visitors come only with a letter from the Board. They may climb to the gallery
        by daylight, in groups of four, and may not touch the lens. Painters and
        photographers pay half a crown, which goes to the widows' fund.
        """;

    /// <summary>What a reader would ask, and words of the passage that answers.</summary>
    public static TheoryData<string, string> Questions { get; } = new()
    {
        { "How is the lens cleaned?", "soft cloth and vinegar" },
        { "When does oil arrive?", "tender in May and in September" },
        { "May a keeper smoke?", "smokes in the vault" },
        { "Who may publish the log?", "The Board may publish" },
        { "What happens when the barometer falls?", "shutters are closed" },
        { "How many rockets are fired?", "three rockets" },
        { "Who owns wreckage?", "property of the Crown" },
        { "Are goats allowed?", "Goats are not allowed" },
        { "How much is an assistant paid?", "eighty pounds" },
        { "weeks of leave in a year", "six weeks of leave" },
        { "Is there any warranty?", "without warranty" },
        { "Do photographers pay?", "half a crown" },
        { "cleening the lense with vinagre", "vinegar" },
        { "tide gauges and chains", "tide gauge" },
        { "Which keepers play cards on watch?", "play cards" },
    };
}
