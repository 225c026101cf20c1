module Tidewater.Chartering.Laytime exposing (Cause(..), Exceptions(..), Outcome(..), Period, Terms, counts, outcome)

{-| The time a charterer may use to load and discharge, and what it costs to need more.
-}


{-| What the ship's log gives as the reason for a stretch of time in port.
-}
type Cause
    = Working
    | Waiting
    | Rain
    | Holiday
    | ShipBreakdown


{-| A line of the log.
-}
type alias Period =
    { cause : Cause
    , minutes : Int
    }


{-| Whether Sundays and holidays count: "SHINC" includes them, "SHEX" excepts them.
-}
type Exceptions
    = Shinc
    | Shex


{-| What the charter allows. Demurrage is in cents for a day.
-}
type alias Terms =
    { allowedMinutes : Int
    , exceptions : Exceptions
    , demurrage : Int
    }


{-| Who owes whom, and how many cents.
-}
type Outcome
    = OnTime
    | Demurrage Int
    | Despatch Int


{-| The clock of the charter while the log is read: minutes still free, minutes over.
-}
type alias Clock =
    { left : Int
    , over : Int
    }


{-| Whether time lost for this reason is the charterer's. Time lost by the ship herself never is.
-}
counts : Exceptions -> Cause -> Bool
counts exceptions cause =
    case ( cause, exceptions ) of
        ( ShipBreakdown, _ ) ->
            False

        ( Rain, _ ) ->
            False

        ( Holiday, Shex ) ->
            False

        _ ->
            True


{-| Reads one line of the log. "Once on demurrage, always on demurrage": when the free time is over, nothing stops the
clock any more, not even rain.
-}
advance : Exceptions -> Period -> Clock -> Clock
advance exceptions period clock =
    if clock.over > 0 then
        { clock | over = clock.over + period.minutes }

    else if counts exceptions period.cause then
        let
            ( left, over ) =
                split (clock.left - period.minutes)
        in
        { left = left, over = over }

    else
        clock


split : Int -> ( Int, Int )
split minutes =
    if minutes >= 0 then
        ( minutes, 0 )

    else
        ( 0, negate minutes )


{-| Settles the time in port. Time saved is paid back at half the rate of demurrage.
-}
outcome : Terms -> List Period -> Outcome
outcome terms log =
    let
        clock : Clock
        clock =
            List.foldl (advance terms.exceptions) { left = terms.allowedMinutes, over = 0 } log

        pay : Int -> Int
        pay minutes =
            minutes * terms.demurrage // minutesPerDay
    in
    if clock.over > 0 then
        Demurrage (pay clock.over)

    else if clock.left > 0 then
        Despatch (pay clock.left // 2)

    else
        OnTime


minutesPerDay : Int
minutesPerDay =
    24 * 60
